/** The product's picture in small: here, out there, and what flows between. The same drawing as `resources/icon.svg`. */
export function Mark() {
  return (
    <svg className="brand" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true">
      <rect className="brand-ground" width="32" height="32" rx="7" />
      <rect className="brand-here" x="5" y="9" width="9" height="14" rx="2" />
      <rect className="brand-edge" x="5" y="9" width="2.5" height="14" rx="1.25" />
      <path className="brand-wire" d="M16 16h.01M18.5 16h.01M21 16h.01" />
      <rect className="brand-there" x="22.75" y="9.75" width="4.5" height="12.5" rx="1.75" />
    </svg>
  )
}
