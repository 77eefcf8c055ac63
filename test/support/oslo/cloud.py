"""A service of a cloud as far as its messaging goes: oslo.messaging's notifier, RPC server and RPC client.

Takes commands on standard input, a line each, and answers each with a line:
  notify LEVEL NUMBER    done NUMBER | failed NUMBER REASON
  call NUMBER            done NUMBER | failed NUMBER REASON
  insist NUMBER          the same, called up to 5 times
Says `ready` when it has started. Everything that oslo.messaging logs goes to standard error.
"""

import argparse
import logging
import sys

import oslo_messaging
from oslo_config import cfg


class Endpoint:
    target = oslo_messaging.Target(version='1.0')

    def echo(self, context, number):
        return number


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument('--url', required=True)
    parser.add_argument('--exchange', default='nova')
    parser.add_argument('--driver', default='messagingv2')
    parser.add_argument('--topic', default='notifications')
    parser.add_argument('--durable', action='store_true')
    parser.add_argument('--quorum', action='store_true')
    return parser.parse_args()


def configured(args):
    conf = cfg.CONF
    conf([], project='cloud', default_config_files=[])
    oslo_messaging.set_transport_defaults(args.exchange)
    # Registers the options of the driver.
    oslo_messaging.get_rpc_transport(conf, args.url)
    conf.set_override('amqp_durable_queues', args.durable, 'oslo_messaging_rabbit')
    conf.set_override('rabbit_quorum_queue', args.quorum, 'oslo_messaging_rabbit')
    conf.set_override('kombu_reconnect_delay', 0.2, 'oslo_messaging_rabbit')
    conf.set_override('rabbit_retry_interval', 1, 'oslo_messaging_rabbit')
    conf.set_override('rabbit_retry_backoff', 1, 'oslo_messaging_rabbit')
    return conf


def called(client, number):
    if client.call({}, 'echo', number=number) != number:
        raise RuntimeError('another answer')


def insisted(client, number):
    """A call into a connection whose end oslo.messaging has not noticed yet is lost: RPC is sent at most once."""
    for tries in range(5, 0, -1):
        try:
            return called(client.prepare(timeout=60), number)
        except oslo_messaging.MessagingTimeout:
            if tries == 1:
                raise


def main():
    args = options()
    logging.basicConfig(level=logging.WARNING, format='%(levelname)s %(name)s %(message)s')
    conf = configured(args)
    transport = oslo_messaging.get_notification_transport(conf, args.url)
    notifier = oslo_messaging.Notifier(
        transport, publisher_id='compute.host1', driver=args.driver, topics=[args.topic], retry=300)
    rpc = oslo_messaging.get_rpc_transport(conf, args.url)
    server = oslo_messaging.get_rpc_server(
        rpc, oslo_messaging.Target(topic='compute', server='host1'), [Endpoint()], executor='threading')
    server.start()
    client = oslo_messaging.RPCClient(rpc, oslo_messaging.Target(topic='compute', version='1.0'), timeout=300)
    print('ready', flush=True)
    for line in sys.stdin:
        command, *words = line.split()
        number = words[-1]
        try:
            if command == 'notify':
                payload = {'instance_id': number, 'tenant_id': 't', 'state': 'active'}
                getattr(notifier, words[0])({}, 'compute.instance.update', payload)
            else:
                (insisted if command == 'insist' else called)(client, number)
            print('done', number, flush=True)
        except Exception as error:  # whatever it is, the test is to see it
            print('failed', number, repr(error), flush=True)
    server.stop()


main()
