/** A raw TCP server on loopback, for answers that no HTTP library would give. */
import { type AddressInfo, createServer, type Socket } from "node:net";

export type Script = (socket: Socket) => void;

/** Serve each connection by a script while a function runs, which gets the URL. */
export async function withServer<T>(script: Script, use: (url: string) => Promise<T>): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => script(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

/** Return a script that sends a text and closes the connection. */
export function send(text: string): Script {
  return (socket) => socket.end(Buffer.from(text, "latin1"));
}
