/** What Go builds, by the program's name. */
export const built: Readonly<
  Record<'minio' | 'versitygw' | 'weaviate-server' | 'mc', { readonly package: string; readonly version: string }>
>
