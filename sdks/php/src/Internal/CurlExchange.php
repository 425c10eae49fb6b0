<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Exception\RequestTimeoutException;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\HttpResponse;

/**
 * One request with curl.
 *
 * @internal
 */
final class CurlExchange
{
    private const MAX_BODY_BYTES = 16 * 1024 * 1024;
    private const KEEPALIVE_SECONDS = 30; // the service closes idle connections after 75 s, common proxies after 60 s

    private string $head = '';
    private string $body = '';
    private bool $tooLarge = false;

    /**
     * @param array<int, mixed> $options
     * @param float $deadline when the attempt ends, by the clock of the transport
     */
    public function __construct(
        public readonly \CurlHandle $handle,
        private readonly HttpRequest $request,
        array $options,
        public readonly float $deadline,
    ) {
        $lines = [];
        foreach (['content-type' => '', 'expect' => '', ...$request->headersWithKey()] as $name => $value) {
            $lines[] = "{$name}: {$value}";
        }
        curl_setopt_array($handle, [
            CURLOPT_CONNECTTIMEOUT_MS => $request->timeoutMs,
            CURLOPT_MAXAGE_CONN => self::KEEPALIVE_SECONDS,
            CURLOPT_ENCODING => '',
        ] + $options + [
            CURLOPT_URL => $request->url,
            CURLOPT_CUSTOMREQUEST => $request->method,
            CURLOPT_HTTPHEADER => $lines,
            CURLOPT_PROTOCOLS => CURLPROTO_HTTP | CURLPROTO_HTTPS,
            CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_1_1,
            CURLOPT_FOLLOWLOCATION => false,
            CURLOPT_PATH_AS_IS => true,
            CURLOPT_NOSIGNAL => true,
            CURLOPT_NOBODY => $request->method === 'HEAD',
            // curl itself repeats a request whose kept connection was closed.
            CURLOPT_FRESH_CONNECT => !$request->repeatable,
            CURLOPT_HEADERFUNCTION => $this->addHeader(...),
            CURLOPT_WRITEFUNCTION => $this->addBody(...),
        ]);
        if ($request->body !== null || $request->method === 'POST') {
            curl_setopt($handle, CURLOPT_POSTFIELDS, (string) $request->body);
        }
    }

    /** Return what came of the exchange. `$result` is curl's code. */
    public function reply(int $result): HttpResponse|NetworkException
    {
        if ($result === CURLE_OK) {
            return new HttpResponse(curl_getinfo($this->handle, CURLINFO_RESPONSE_CODE), $this->headers(), $this->body);
        }
        if ($result === CURLE_OPERATION_TIMEDOUT) {
            return $this->timeout();
        }
        $reason = $this->tooLarge
            ? 'the body is larger than ' . self::MAX_BODY_BYTES . ' bytes'
            : (curl_error($this->handle) ?: (string) curl_strerror($result));

        $text = "{$this->request->method} {$this->request->url} failed: {$reason}";

        return new NetworkException(Text::withoutControls($text), "curl {$result}");
    }

    public function timeout(): RequestTimeoutException
    {
        return RequestTimeoutException::of($this->request);
    }

    private function addHeader(\CurlHandle $handle, string $line): int
    {
        $this->head .= $line;

        return strlen($line);
    }

    /** @return array<string, string> */
    private function headers(): array
    {
        $headers = [];
        foreach (explode("\n", $this->head) as $line) {
            if (str_starts_with($line, 'HTTP/')) {
                $headers = []; // those before were of an interim answer
            } elseif (str_contains($line, ':')) {
                [$name, $value] = explode(':', $line, 2);
                $name = strtolower(trim($name));
                $before = isset($headers[$name]) ? "{$headers[$name]}, " : '';
                $headers[$name] = $before . trim($value);
            }
        }

        return $headers;
    }

    private function addBody(\CurlHandle $handle, string $bytes): int
    {
        $this->body .= $bytes;
        $this->tooLarge = strlen($this->body) > self::MAX_BODY_BYTES;

        return $this->tooLarge ? 0 : strlen($bytes);
    }
}
