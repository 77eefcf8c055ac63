import type { JsonObject } from '../../domain/notification.ts'
import type { Notice } from '../notices/notice.ts'
import { novaTime } from './nova-time.ts'

const USER_ROLES = ['member', 'reader', 'compute:default', 'object-store:default', 'identity:default']

/**
 * Returns the context fields with the requester, which every old-style notification has at its top level.
 * Source: nova/context.py, oslo_messaging's rpc_amqp.
 */
export function contextFields({ request, messageId }: Notice): JsonObject {
  const { isAdmin } = request
  // A service that acts by itself has no project.
  const project = isAdmin ? undefined : request.project
  const hex = messageId.replaceAll('-', '')
  return {
    _context_request_id: request.id,
    _context_quota_class: null,
    _context_auth_token: request.token ?? null,
    _context_user_id: project?.userId ?? null,
    _context_user: project?.userId ?? null,
    _context_user_name: project?.userName ?? null,
    _context_project_id: project?.id ?? null,
    _context_tenant: project?.id ?? null,
    _context_project_name: project?.name ?? null,
    _context_is_admin: isAdmin,
    _context_roles: isAdmin ? [] : USER_ROLES,
    _context_remote_address: request.remoteAddress ?? null,
    _context_timestamp: novaTime(request.at),
    _context_read_deleted: 'no',
    _context_instance_lock_checked: false,
    _context_glance_api_servers: null,
    _context_service_catalog: [],
    _unique_id: hex.slice(16) + hex.slice(0, 16),
  }
}
