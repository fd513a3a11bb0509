/** A place held for text that has not arrived. It is as high as the text will be, so nothing moves when it does. */
export function Bone({ width }: { readonly width: 'short' | 'medium' | 'long' }) {
  return <span className={`bone is-${width}`} aria-hidden="true" />
}
