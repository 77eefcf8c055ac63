import { connect } from 'node:net'

/** Sends bytes unchanged and returns everything received until the server closes the connection. */
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

/** Returns the status of a raw HTTP response; 0 when it has none. */
export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0)
}
