// A WebSocket echo with npm's `ws`, and whatever else a test asks for by path.
// Arguments: port, limit of a message, and for TLS the certificate and the key.
const { readFileSync } = require('fs');
const { WebSocketServer } = require('ws');

const [port, limit, cert, key] = process.argv.slice(2);
const answer = (request, response) => response.end('hello from ws\n');
const server = cert
  ? require('https').createServer({ cert: readFileSync(cert), key: readFileSync(key) }, answer)
  : require('http').createServer(answer);
const sockets = new WebSocketServer({
  server,
  maxPayload: Number(limit),
  perMessageDeflate: true,
  handleProtocols: (offered) => (offered.has('v2.lab') ? 'v2.lab' : false),
});

sockets.on('connection', (socket, request) => {
  console.log(`open ${request.url}, offers ${request.headers['sec-websocket-extensions'] ?? 'nothing'}`);
  socket.on('message', (data, binary) => socket.send(data, { binary }));
  socket.on('pong', (data) => socket.send(`pong: ${data}`));
  socket.on('error', (error) => console.log(`error ${error.message}`));
  socket.on('close', (code, reason) => console.log(`closed ${code} ${reason}`));
  const [, what, value] = request.url.split('/');
  if (what === 'close') socket.close(Number(value), `because ${value}`);
  if (what === 'ping') socket.ping('are you there');
  if (what === 'fragments') {
    for (let n = 0; n < 256; n++) {
      socket.send(Buffer.alloc(65536, n), { binary: true, fin: n === 255 });
      if (n === 100) socket.ping('between');
    }
    const text = Buffer.from('gr\u{fc}\u{df} dich, \u{1f30d}');
    for (let n = 0; n < text.length; n++) {
      socket.send(text.subarray(n, n + 1), { binary: false, fin: n === text.length - 1 });
    }
  }
});
server.listen(Number(port), '127.0.0.1');
