import { join } from 'node:path'
import { type CloudAddresses, configFolder, dataFolder } from '../addresses.ts'
import type { CloudSettings } from '../cloud-settings.ts'
import { account, databaseOf, messaging, transportUrl } from './common.ts'
import type { Ini } from './ini.ts'

/** Returns glance-api.conf: images are files, and the API is one process. */
export function glanceConf(at: CloudAddresses, settings: CloudSettings): Ini {
  return {
    DEFAULT: {
      bind_host: '127.0.0.1',
      bind_port: at.ports.image,
      workers: 0,
      transport_url: transportUrl(at),
      enabled_backends: 'fs:file',
      enabled_import_methods: '[glance-direct]',
    },
    glance_store: { default_backend: 'fs' },
    fs: { filesystem_store_datadir: dataFolder(at, 'images') },
    os_glance_staging_store: { filesystem_store_datadir: dataFolder(at, 'staging') },
    os_glance_tasks_store: { filesystem_store_datadir: dataFolder(at, 'tasks') },
    database: { connection: databaseOf(at, 'glance') },
    keystone_authtoken: account(at, 'glance'),
    paste_deploy: {
      flavor: 'keystone',
      config_file: join(configFolder(at, 'glance'), 'glance-api-paste.ini'),
    },
    oslo_concurrency: { lock_path: dataFolder(at, 'locks') },
    ...messaging(settings),
  }
}

/** Content of glance-api-paste.ini: version 2 of the API behind Keystone. */
export const GLANCE_PASTE: Ini = {
  'pipeline:glance-api-keystone': { pipeline: 'versionnegotiation authtoken context rootapp' },
  'composite:rootapp': {
    'paste.composite_factory': 'glance.api:root_app_factory',
    '/': 'apiversions',
    '/v2': 'apiv2app',
  },
  'app:apiversions': { 'paste.app_factory': 'glance.api.versions:create_resource' },
  'app:apiv2app': { 'paste.app_factory': 'glance.api.v2.router:API.factory' },
  'filter:versionnegotiation': {
    'paste.filter_factory': 'glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory',
  },
  'filter:context': { 'paste.filter_factory': 'glance.api.middleware.context:ContextMiddleware.factory' },
  'filter:authtoken': { 'paste.filter_factory': 'keystonemiddleware.auth_token:filter_factory' },
}
