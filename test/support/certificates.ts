import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A certificate authority with its files, and the certificates that it signs. */
export class Authority {
  readonly ca: string
  readonly #folder: string
  readonly #key: string

  constructor(folder: string, name: string) {
    this.#folder = folder
    this.ca = join(folder, `${name}.ca.pem`)
    this.#key = join(folder, `${name}.ca.key`)
    const subject = ['-subj', `/CN=${name}`, '-days', '2', '-keyout', this.#key, '-out', this.ca]
    openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', ...subject)
  }

  /**
   * Signs a certificate for names such as `IP:127.0.0.1` or `DNS:localhost`. Returns the paths of certificate
   * and key.
   */
  sign(name: string, names: string): { readonly cert: string; readonly key: string } {
    const [cert, key, request, extension] = ['pem', 'key', 'csr', 'ext'].map((end) =>
      join(this.#folder, `${name}.${end}`),
    ) as [string, string, string, string]
    const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    openssl('req', ...kind, '-subj', `/CN=${name}`, '-keyout', key, '-out', request)
    writeFileSync(extension, `subjectAltName=${names}\n`)
    const signed = ['-in', request, '-CA', this.ca, '-CAkey', this.#key, '-CAcreateserial', '-days', '2']
    openssl('x509', '-req', ...signed, '-extfile', extension, '-out', cert)
    return { cert, key }
  }
}

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { stdio: 'pipe' })
}
