/** Certificate authorities that the owner's servers are trusted by. */
import { X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { UserError } from '../../shared/errors'

/** The PEM text of a file. Throws a `UserError` that names `source`, which named the file, where it cannot be read or holds no certificate. */
export async function readCertificates(file: string, source: string): Promise<string> {
  let pem: string
  try {
    pem = await readFile(file, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error)
    throw new UserError('invalid-setting', `${source} names ${file}, which cannot be read (${code}).`, {
      hint: 'Check the path and its permissions.',
      cause: error,
    })
  }
  try {
    new X509Certificate(pem)
  } catch (error) {
    throw new UserError('invalid-setting', `${source} names ${file}, which holds no certificate in PEM.`, {
      hint: 'It begins with -----BEGIN CERTIFICATE-----.',
      cause: error,
    })
  }
  return pem
}
