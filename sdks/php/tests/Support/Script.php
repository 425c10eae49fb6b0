<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Exception\RequestTimeoutException;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\HttpResponse;

/** Reads the requests and writes the answers of the cases. */
final class Script
{
    /** Return a request as the cases describe it. */
    public static function describe(HttpRequest $request): array
    {
        preg_match('~^(https?://[^/]+)(/[^?]*)(?:\?(.*))?$~D', $request->url, $parts);
        $query = [];
        foreach (array_filter(explode('&', $parts[3] ?? '')) as $pair) {
            [$name, $value] = array_map(rawurldecode(...), explode('=', $pair, 2));
            $query[$name] = $value;
        }

        return [
            'method' => $request->method,
            'origin' => $parts[1],
            'path' => $parts[2],
            'query' => $query,
            'headers' => $request->headersWithKey(),
            'timeout' => $request->timeoutMs / 1000,
        ] + ($request->body === null ? [] : ['json' => json_decode($request->body, true)]);
    }

    /** Return what an attempt gets from an answer of a script, after `secondsOf` the answer. */
    public static function reply(array $answer, HttpRequest $request): HttpResponse|NetworkException
    {
        if (isset($answer['hangs']) || ($answer['takes'] ?? 0) >= $request->timeoutMs / 1000) {
            return RequestTimeoutException::of($request);
        }
        if (isset($answer['fails'])) {
            return new NetworkException('scripted failure');
        }

        return new HttpResponse($answer['status'], array_change_key_case((array) $answer['headers']), self::body($answer));
    }

    public static function secondsOf(array $answer, HttpRequest $request): float
    {
        $timeout = $request->timeoutMs / 1000;

        return isset($answer['hangs']) ? $timeout : (float) min($timeout, $answer['takes'] ?? 0);
    }

    private static function body(array $answer): string
    {
        if (isset($answer['base64'])) {
            return base64_decode($answer['base64'], true);
        }

        return array_key_exists('json', $answer) ? Cases::encode($answer['json']) : $answer['text'] ?? '';
    }
}
