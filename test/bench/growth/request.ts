import { type Agent, get } from 'node:http'

/** Milliseconds from a request to the end of its answer. */
export function timeOf(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    const begun = performance.now()
    get(url, { agent }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${url}: ${response.statusCode}`))
      response.on('error', reject)
      response.on('end', () => resolve(performance.now() - begun))
      response.resume()
    }).on('error', reject)
  })
}
