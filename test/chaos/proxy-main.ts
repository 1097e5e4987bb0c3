/** A proxy in a process of its own, so that what its parent is busy with does not pass for the network. See `proxy-link.ts`. */
import { TcpProxy } from './tcp-proxy.js';

/** What the parent wants of it. */
export type ProxyOrder =
  | { readonly do: 'shape'; readonly latencyMs?: number; readonly jitterMs?: number; readonly bytesPerSecond?: number }
  | { readonly do: 'redirect'; readonly port: number }
  | { readonly do: 'refuse' | 'reset' | 'silence' | 'heal' };

/** `port` is told once, then each order is answered. */
export type ProxyMessage = { readonly port: number } | { readonly done: true };

function tell(message: ProxyMessage): void {
  process.send?.(message);
}

const proxy = await TcpProxy.start(Number(process.argv[2]));
process.on('message', (order: ProxyOrder) => {
  if (order.do === 'shape') proxy.shape(order);
  else if (order.do === 'redirect') proxy.redirect(order.port);
  else proxy[order.do]();
  tell({ done: true });
});
process.on('disconnect', () => process.exit(0));
tell({ port: proxy.port });
