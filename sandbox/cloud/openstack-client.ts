import { type CloudPorts, urlOf } from './addresses.ts'
import { PASSWORD } from './configuration/common.ts'

export type Service = 'identity' | 'image' | 'compute' | 'keeping'

export type Answer = {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: what OpenStack's APIs answer is looked at by those who asked
  readonly body: any
}

/** Version of Nova's API: that of 2022, the newest in its release Zed. */
const COMPUTE_VERSION = 'compute 2.93'
const PATHS: { readonly [service in Service]: string } = {
  identity: '/v3',
  image: '/v2',
  compute: '/v2.1',
  keeping: '/v2.1',
}

/** Ports of the services that a cloud has. */
type ServicePorts = Pick<CloudPorts, 'identity'> & Partial<CloudPorts>

/** A client of a cloud's APIs for one account in one project. */
export class OpenstackClient {
  readonly #ports: ServicePorts
  readonly token: string
  readonly userId: string
  readonly projectId: string

  static async login(ports: ServicePorts, name: string, project: string): Promise<OpenstackClient> {
    const domain = { id: 'default' }
    const password = { user: { name, domain, password: PASSWORD } }
    const response = await fetch(urlOf(ports.identity, '/v3/auth/tokens'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        auth: {
          identity: { methods: ['password'], password },
          scope: { project: { name: project, domain } },
        },
      }),
    })
    const text = await response.text()
    const token = response.headers.get('x-subject-token')
    if (token === null) throw new Error(`login of ${name}: ${response.status} ${text.slice(0, 300)}`)
    const { user, project: own } = JSON.parse(text).token
    return new OpenstackClient(ports, { token, userId: user.id, projectId: own.id })
  }

  private constructor(
    ports: ServicePorts,
    { token, userId, projectId }: Pick<OpenstackClient, 'token' | 'userId' | 'projectId'>,
  ) {
    this.#ports = ports
    this.token = token
    this.userId = userId
    this.projectId = projectId
  }

  /**
   * Sends a request and returns the body of the response. Rejects with the service's error when it refuses.
   */
  async call(service: Service, method: string, path: string, body?: unknown): Promise<Answer['body']> {
    const answer = await this.ask(service, method, path, body)
    if (answer.status < 400) return answer.body
    throw new Error(`${method} ${service} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`)
  }

  /**
   * Sends a request and returns the response, whatever its status. A body of bytes is sent unchanged, any
   * other as JSON.
   */
  async ask(service: Service, method: string, path: string, body?: unknown): Promise<Answer> {
    const port = this.#ports[service]
    if (port === undefined) throw new Error(`this cloud has no service ${service}`)
    const response = await fetch(urlOf(port, PATHS[service] + path), {
      method,
      headers: {
        'x-auth-token': this.token,
        accept: 'application/json',
        'openstack-api-version': COMPUTE_VERSION,
        'content-type': body instanceof Uint8Array ? 'application/octet-stream' : 'application/json',
      },
      ...(body === undefined
        ? {}
        : { body: body instanceof Uint8Array ? Buffer.from(body) : JSON.stringify(body) }),
    })
    return { status: response.status, body: parse(await response.text()) }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
