// A cart that speaks gRPC: one unary method, one that answers many times, one that is told many times, and one that only an operator may call.
import { INVALID_ARGUMENT, type Method, OK, serve } from './grpc.ts';

const ITEMS_MAX = 1000;
const carts = new Map<string, string[]>();
const cartOf = (user: unknown): string[] => carts.get(String(user)) ?? [];

const addItem: Method = (call, onMessage, onEnd) => {
  let added = 0;
  onMessage((message) => {
    const { user, item } = message as { user?: unknown; item?: unknown };
    if (typeof user !== 'string' || typeof item !== 'string') {
      call.finish(INVALID_ARGUMENT, 'user and item are needed');
      return;
    }
    carts.set(user, [...cartOf(user), item].slice(-ITEMS_MAX));
    added++;
  });
  onEnd(() => {
    call.say({ added });
    call.finish(OK);
  });
};

const getCart: Method = (call, onMessage) =>
  onMessage((message) => {
    call.say({ items: cartOf((message as { user?: unknown }).user) });
    call.finish(OK);
  });

/** Each item in a message of its own. */
const watchCart: Method = (call, onMessage) =>
  onMessage((message) => {
    for (const item of cartOf((message as { user?: unknown }).user)) call.say({ item });
    call.finish(OK);
  });

/** Says back what it is told, message by message. */
const talk: Method = (call, onMessage, onEnd) => {
  onMessage((message) => call.say(message));
  onEnd(() => call.finish(OK));
};

const emptyAll: Method = (call) => {
  carts.clear();
  call.finish(OK);
};

serve(Number(process.env['PORT'] ?? 7070), {
  '/hipstershop.CartService/AddItem': addItem,
  '/hipstershop.CartService/GetCart': getCart,
  '/hipstershop.CartService/WatchCart': watchCart,
  '/hipstershop.CartService/Talk': talk,
  '/hipstershop.CartAdmin/EmptyAll': emptyAll,
  // Never answers: what a deadline is for.
  '/hipstershop.CartService/Slow': () => {},
});
