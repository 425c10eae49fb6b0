<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Config;
use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Http\ConcurrentTransport;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Model\Outcome;

/**
 * Does what flows and runs ask for: sends requests and sleeps.
 *
 * @internal
 */
final readonly class Driver
{
    private const SLICE_MS = 100;

    public function __construct(private Config $config)
    {
    }

    /**
     * Run a flow to its end and return its result.
     *
     * @template T
     * @param \Generator<int, object, mixed, T> $flow
     * @return T
     */
    public function run(\Generator $flow, ?\Closure $whileWaiting): mixed
    {
        $effect = $flow->current();
        while ($flow->valid()) {
            $reply = null;
            if ($effect instanceof HttpRequest) {
                $reply = $this->send($effect);
            } elseif ($effect instanceof Sleep) {
                $this->sleep($effect->milliseconds, $whileWaiting);
            }
            $effect = $flow->send($reply);
        }

        return $flow->getReturn();
    }

    /**
     * Run many links at once, and yield the outcomes as they come.
     *
     * @param iterable<mixed> $urls
     * @return \Generator<int, Outcome>
     */
    public function runMany(Run $run, iterable $urls, ActiveClock $clock, ?\Closure $whileWaiting): \Generator
    {
        $transport = $this->config->transport;
        $transport = $transport instanceof ConcurrentTransport ? $transport : new OneByOne($transport);
        $source = self::number($urls);
        $inFlight = [];
        try {
            while (!$run->finished() || !$run->outcomes->isEmpty()) {
                $this->pull($run, $source, $clock);
                $before = count($inFlight);
                while (($task = $run->take()) !== null) {
                    [$link, $request] = $task;
                    $inFlight[$transport->start($request)] = $link;
                }
                // What was started goes out with the next poll, so the caller's code waits for that.
                if (count($inFlight) === $before && !$run->outcomes->isEmpty()) {
                    $clock->leave();
                    yield $run->outcomes->dequeue();
                    $clock->enter();
                    continue;
                }
                if ($inFlight === []) {
                    $this->sleep($run->wakesIn(), $whileWaiting);
                }
                foreach ($this->poll($transport, $run, $inFlight, $whileWaiting) as $id => $reply) {
                    $link = $inFlight[$id];
                    unset($inFlight[$id]);
                    $run->resume($link, $reply);
                }
            }
        } finally {
            array_map($transport->drop(...), array_keys($inFlight));
        }
        if ($run->error !== null) {
            throw $run->error;
        }
    }

    private function send(HttpRequest $request): object
    {
        try {
            return $this->config->transport->send($request);
        } catch (NetworkException $exception) {
            return $exception;
        }
    }

    private function sleep(float $milliseconds, ?\Closure $whileWaiting): void
    {
        if ($whileWaiting === null || $milliseconds <= self::SLICE_MS) {
            $this->config->sleeper->sleepMs((int) ceil(min($milliseconds, PHP_INT_MAX / 2000)));

            return;
        }
        $end = $this->config->clock->nowMs() + $milliseconds;
        while (($left = $end - $this->config->clock->nowMs()) > 0) {
            $whileWaiting();
            $this->config->sleeper->sleepMs((int) ceil(min($left, self::SLICE_MS)));
        }
    }

    /** @param array<int, RunLink> $inFlight */
    private function poll(ConcurrentTransport $transport, Run $run, array $inFlight, ?\Closure $whileWaiting): array
    {
        if ($inFlight === []) {
            return [];
        }
        if ($whileWaiting !== null) {
            $whileWaiting();
        }
        $wakesIn = $run->outcomes->isEmpty() ? $run->wakesIn() : 0.0;

        return $transport->poll(
            array_keys($inFlight),
            $whileWaiting === null ? $wakesIn : min($wakesIn, self::SLICE_MS),
        );
    }

    /** Take links from the caller's source, which may take its time. */
    private function pull(Run $run, \Generator $source, ActiveClock $clock): void
    {
        $clock->leave();
        while ($run->wantsLinks()) {
            $source->next();
            $source->valid() ? $run->add($source->key(), $source->current()) : $run->exhaust();
        }
        $clock->enter();
    }

    /**
     * Yield links by their indexes. The first yield is no link, so that `next` takes the next link and not one more.
     *
     * @param iterable<mixed> $urls
     * @return \Generator<int, mixed>
     */
    private static function number(iterable $urls): \Generator
    {
        yield null;
        $index = 0;
        foreach ($urls as $url) {
            yield $index++ => $url;
        }
    }
}
