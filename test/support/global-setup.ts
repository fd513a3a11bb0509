/** Runs once before all tests. The built node that some of them start is made by `npm test` beforehand. */
export default function setup(): void {}
