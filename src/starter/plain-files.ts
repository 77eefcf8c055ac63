/** The three files of rules for a service that is not one of OpenStack, with an example to change. */
export const PLAIN_FILES: { readonly [name: string]: string } = {
  'event_definitions.yaml': `# Which traits become of which messages: docs/event-definitions.md. The last definition that matches is used.
# A message needs event_type, message_id and timestamp at its top.

- event_type: order.*
  traits:
    # a path in the message, or several that are tried in turn
    order_id: {fields: order.id}
    customer_id: {fields: [order.customer.id, customer_id]}
    items: {type: int, fields: order.items}
`,
  'triggers.yaml': `# Which events belong together, and when their story is complete: docs/configuration.md.

- name: order
  # one stream for each order
  distinguished_by: [order_id]
  match_criteria:
    - event_type: order.*
  # complete when both have come, in whichever order
  fire_criteria:
    - event_type: order.paid
    - event_type: order.shipped
  fire_pipeline: order_complete
  # else told as it is, a week after its first event
  expiration: $first + 7d
  expire_pipeline: order_expired
`,
  'pipelines.yaml': `# What is done with the events of a stream: handlers in order, then the commit of each (docs/handlers.md).

order_complete:
  - logger

order_expired:
  - logger
`,
}
