import { join } from 'node:path'
import { type CloudAddresses, configFolder, dataFolder } from '../addresses.ts'
import type { CloudSettings } from '../cloud-settings.ts'
import { account, databaseOf, messaging, transportUrl } from './common.ts'
import type { Ini } from './ini.ts'

const DAY_S = 86_400

/** Returns nova.conf of everything except compute hosts. */
export function controllerConf(at: CloudAddresses, settings: CloudSettings): Ini {
  const common = commonConf(at, settings, 'controller')
  return { ...common, api_database: { connection: databaseOf(at, 'nova_api'), max_pool_size: 5 } }
}

/** Returns nova.conf of the compute API whose deleted servers can be restored for a day. */
export function keepingConf(at: CloudAddresses, settings: CloudSettings): Ini {
  const conf = controllerConf(at, settings)
  const other = { osapi_compute_listen_port: at.ports.keeping, reclaim_instance_interval: DAY_S }
  return { ...conf, DEFAULT: { ...conf.DEFAULT, ...other } }
}

/**
 * Returns nova.conf of a compute host. It has no API database: Nova refuses to start a compute host that
 * knows it.
 */
export function computeConf(at: CloudAddresses, settings: CloudSettings, host: string): Ini {
  return commonConf(at, settings, host)
}

function commonConf(at: CloudAddresses, settings: CloudSettings, host: string): Ini {
  return {
    DEFAULT: {
      host,
      my_ip: '127.0.0.1',
      state_path: dataFolder(at, host),
      transport_url: transportUrl(at),
      ...API,
      osapi_compute_listen_port: at.ports.compute,
      ...COMPUTE,
      instance_usage_audit_period: settings.audit,
    },
    wsgi: { api_paste_config: join(configFolder(at, 'nova'), 'api-paste.ini') },
    api: { auth_strategy: 'keystone' },
    keystone_authtoken: account(at, 'nova'),
    database: { connection: databaseOf(at, 'nova_cell1'), max_pool_size: 5 },
    placement: account(at, 'placement'),
    service_user: { send_service_user_token: false },
    glance: account(at, 'glance'),
    cinder: account(at, 'nova'),
    neutron: account(at, 'neutron'),
    scheduler: { workers: 1, discover_hosts_in_cells_interval: 5 },
    conductor: { workers: 1 },
    quota: { instances: -1, cores: -1, ram: -1 },
    vnc: { enabled: false },
    key_manager: { backend: 'nova.keymgr.conf_key_mgr.ConfKeyManager' },
    notifications: {
      notification_format: settings.format,
      notify_on_state_change: 'vm_and_task_state',
      notify_on_api_faults: true,
    },
    oslo_concurrency: { lock_path: dataFolder(at, 'locks') },
    ...messaging(settings),
  }
}

const API = {
  enabled_apis: 'osapi_compute',
  osapi_compute_listen: '127.0.0.1',
  osapi_compute_workers: 1,
}

/** Time that a service waits for the answer of another, seconds. */
export const RPC_TIMEOUT_S = 30

/**
 * Settings of compute. Times are shorter than Nova's defaults, so that a test sees within a minute what takes
 * five in a real cloud.
 */
const COMPUTE = {
  compute_driver: 'fake.FakeDriver',
  instance_usage_audit: true,
  instance_delete_interval: 30,
  service_down_time: 60,
  report_interval: 5,
  rpc_response_timeout: RPC_TIMEOUT_S,
  allow_resize_to_same_host: true,
  network_allocate_retries: 0,
}

/** Content of api-paste.ini: the compute API behind Keystone. */
export const NOVA_PASTE: Ini = {
  'composite:osapi_compute': {
    use: 'call:nova.api.openstack.urlmap:urlmap_factory',
    '/': 'versions',
    '/v2.1': 'compute',
  },
  'composite:compute': {
    use: 'call:nova.api.auth:pipeline_factory_v21',
    keystone: 'compute_req_id faultwrap request_log authtoken keystonecontext compute_app',
  },
  'pipeline:versions': { pipeline: 'faultwrap versions_app' },
  'app:versions_app': { 'paste.app_factory': 'nova.api.openstack.compute.versions:Versions.factory' },
  'app:compute_app': { 'paste.app_factory': 'nova.api.openstack.compute:APIRouterV21.factory' },
  'filter:compute_req_id': {
    'paste.filter_factory': 'nova.api.compute_req_id:ComputeReqIdMiddleware.factory',
  },
  'filter:faultwrap': { 'paste.filter_factory': 'nova.api.openstack:FaultWrapper.factory' },
  'filter:request_log': { 'paste.filter_factory': 'nova.api.openstack.requestlog:RequestLog.factory' },
  'filter:keystonecontext': { 'paste.filter_factory': 'nova.api.auth:NovaKeystoneContext.factory' },
  'filter:authtoken': { 'paste.filter_factory': 'keystonemiddleware.auth_token:filter_factory' },
}
