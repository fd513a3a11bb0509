/** The longest profile that is read, in bytes of UTF-8. It stands alone so that the page can know it without the parser. */
export const maxProfileBytes = 4 * 1024 * 1024
