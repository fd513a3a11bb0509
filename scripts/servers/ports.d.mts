export function freePorts(count: number, random?: () => number): Promise<number[]>
