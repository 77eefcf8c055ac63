import { connect } from 'node:net'

/** Sends bytes as they are and answers what comes back until the server closes. */
export function converse(url: string, text: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let got = ''
    const socket = connect(Number(port), hostname, () => socket.write(text, 'latin1'))
    socket.on('data', (part) => {
      got += part
    })
    socket.on('close', () => resolve(got))
    socket.on('error', reject)
  })
}

/** The status of an answer as it came; 0 where there is none. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
}
