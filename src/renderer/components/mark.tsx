/** The product's picture in small: here, out there, and what flows between. The same drawing as `resources/icon.svg`. */
export function Mark() {
  return (
    <svg className="brand" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect className="brand-ground" width="32" height="32" rx="7" />
      <rect className="brand-here" x="4" y="8" width="8.5" height="16" rx="2" />
      <path className="brand-edge" d="M7 8H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h1z" />
      <path className="brand-wire" d="M14.25 16h.01M16.5 16h.01M18.75 16h.01" />
      <rect className="brand-there" x="20.75" y="8.75" width="6.5" height="14.5" rx="1.5" />
    </svg>
  )
}
