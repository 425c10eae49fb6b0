<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Http;

use LinkSkipper\Sdk\Exception\ConfigurationException;
use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Internal\ActiveClock;
use LinkSkipper\Sdk\Internal\CurlExchange;

/**
 * Sends requests with curl. It keeps its connections and handles.
 *
 * The time of an attempt runs while `poll` or `send` runs, and stands still between two polls.
 */
final class CurlTransport implements ConcurrentTransport
{
    private const SLICE_MS = 100;
    private const KEPT_HANDLES = 32;

    private ?\CurlMultiHandle $multi = null;
    /** @var array<int, CurlExchange> */
    private array $exchanges = [];
    /** @var array<int, HttpResponse|NetworkException> what ended and was not told yet */
    private array $replies = [];
    private int $started = 0;
    /** @var list<\CurlHandle> */
    private array $free = [];
    private ActiveClock $clock;

    /** @param array<int, mixed> $curlOptions more options for each request, such as a proxy or a certificate */
    public function __construct(private readonly array $curlOptions = [])
    {
        if (!extension_loaded('curl')) {
            throw new ConfigurationException('The PHP extension curl is missing. Install it or hand in a transport.');
        }
        $this->startClock();
    }

    public function send(HttpRequest $request): HttpResponse
    {
        $id = $this->start($request);
        try {
            do {
                $reply = $this->poll([$id], $request->whileWaiting === null ? INF : self::SLICE_MS)[$id] ?? null;
                if ($reply === null && $request->whileWaiting !== null) {
                    ($request->whileWaiting)();
                }
            } while ($reply === null);
        } finally {
            $this->drop($id);
        }

        return $reply instanceof HttpResponse ? $reply : throw $reply;
    }

    public function start(HttpRequest $request): int
    {
        $id = $this->started++;
        $this->multi ??= $this->open();
        $handle = array_pop($this->free) ?? curl_init();
        $deadline = $this->clock->nowMs() + $request->timeoutMs;
        $this->exchanges[$id] = new CurlExchange($handle, $request, $this->curlOptions, $deadline);
        curl_multi_add_handle($this->multi, $handle);

        return $id;
    }

    public function poll(array $ids, float $maxMs): array
    {
        $asked = array_flip($ids);
        $this->clock->enter();
        $end = $this->clock->nowMs() + $maxMs;
        while (($told = $this->work($asked)) === [] && ($now = $this->clock->nowMs()) < $end) {
            $left = min([$end, ...array_column($this->exchanges, 'deadline')]) - $now;
            if ($left > 0 && curl_multi_select($this->multi, min($left / 1000, 1.0)) <= 0) {
                usleep(500); // without a socket, as during a DNS query, select does not wait
            }
        }
        $this->clock->leave();
        $this->replies = array_diff_key($this->replies, $told);

        return $told;
    }

    public function drop(int $id): void
    {
        unset($this->replies[$id]);
        if (isset($this->exchanges[$id])) {
            $this->finish($id);
        }
    }

    /** Close all connections. The next request opens new ones. */
    public function close(): void
    {
        array_map($this->drop(...), array_keys($this->exchanges));
        $this->free = [];
        $this->multi = null;
    }

    /** @return array<string, int> */
    public function __debugInfo(): array
    {
        return ['requests under way' => count($this->exchanges)];
    }

    public function __clone()
    {
        $this->multi = null;
        $this->exchanges = $this->replies = $this->free = [];
        $this->startClock();
    }

    private function open(): \CurlMultiHandle
    {
        $multi = curl_multi_init();
        curl_multi_setopt($multi, CURLMOPT_MAXCONNECTS, self::KEPT_HANDLES);

        return $multi;
    }

    /** The clock runs while `poll` does. */
    private function startClock(): void
    {
        $this->clock = new ActiveClock(new SystemClock());
        $this->clock->leave();
    }

    /**
     * Do what can be done without waiting, and return what those that are asked about got.
     *
     * @param array<int, int> $asked
     * @return array<int, HttpResponse|NetworkException>
     */
    private function work(array $asked): array
    {
        curl_multi_exec($this->multi, $running);
        while (($message = curl_multi_info_read($this->multi)) !== false) {
            $id = $this->idOf($message['handle']);
            $this->replies[$id] = $this->exchanges[$id]->reply($message['result']);
            $this->finish($id);
        }
        $now = $this->clock->nowMs();
        foreach ($this->exchanges as $id => $exchange) {
            if ($exchange->deadline <= $now) {
                $this->replies[$id] = $exchange->timeout();
                $this->finish($id);
            }
        }

        return array_intersect_key($this->replies, $asked);
    }

    private function idOf(\CurlHandle $handle): int
    {
        foreach ($this->exchanges as $id => $exchange) {
            if ($exchange->handle === $handle) {
                return $id;
            }
        }
        throw new \LogicException('curl names a handle that was not added.');
    }

    private function finish(int $id): void
    {
        $handle = $this->exchanges[$id]->handle;
        unset($this->exchanges[$id]);
        curl_multi_remove_handle($this->multi, $handle);
        if (count($this->free) < self::KEPT_HANDLES) {
            curl_reset($handle);
            $this->free[] = $handle;
        }
    }
}
