/** A sentence in which words between backticks are machine words: commands, names, files. */
export function Prose({ text }: { readonly text: string }) {
  const parts = text.split(/`([^`]+)`/)
  let at = 0
  return parts.map((part, index) => {
    at += part.length
    return index % 2 === 1 ? <code key={at}>{part}</code> : part
  })
}
