<?php

// A TCP server on loopback, for answers that no HTTP library would give. It prints its port and serves by a script.

declare(strict_types=1);

const HEAD = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n";

$visits = $argv[2] ?? null;
$server = stream_socket_server('tcp://127.0.0.1:0');
echo parse_url('tcp://' . stream_socket_get_name($server, false), PHP_URL_PORT), "\n";
while (true) {
    $connection = @stream_socket_accept($server, 60);
    if ($connection === false) {
        exit;
    }
    $request = fread($connection, 65536);
    if ($visits !== null) {
        file_put_contents($visits, $request, FILE_APPEND);
    }
    $send = static fn (string $bytes) => @fwrite($connection, $bytes);
    match ($argv[1]) {
        'nothing' => null,
        'cut body' => $send(HEAD . "Content-Length: 100\r\n\r\n{"),
        'cut chunk' => $send(HEAD . "Transfer-Encoding: chunked\r\n\r\n5\r\n{"),
        'another protocol' => $send("SSH-2.0-OpenSSH_9.2\r\n"),
        'tls' => $send("\x16\x03\x01\x00\x05hello"),
        'wrong encoding' => $send(HEAD . "Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
        'wrong length' => $send(HEAD . "Content-Length: x\r\n\r\n{}"),
        'huge head' => $send("HTTP/1.1 200 OK\r\nX: " . str_repeat('a', 200_000)),
        'silent' => sleep(5),
        'drips' => (static function () use ($send): void {
            $send(HEAD . "Content-Length: 100\r\n\r\n");
            for ($byte = 0; $byte < 100 && $send(' ') !== false; $byte++) {
                usleep(100_000);
            }
        })(),
        'endless' => (static function () use ($send): void {
            $send(HEAD . "\r\n");
            while ($send(str_repeat(' ', 1_000_000)) !== false) {
            }
        })(),
        'html' => $send("HTTP/1.1 511 X\r\nContent-Type: text/html\r\nContent-Length: 37\r\n\r\n"
            . '<html>Sign in to the hotel Wi-Fi</html>'),
        'account' => $send("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n" . HEAD
            . "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close\r\n\r\n{\"balance\": 5}"),
        default => $send("HTTP/1.1 302 Found\r\nLocation: {$argv[1]}\r\nContent-Length: 0\r\n\r\n"),
    };
    fclose($connection);
}
