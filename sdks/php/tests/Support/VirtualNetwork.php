<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

use LinkSkipper\Sdk\Http\ConcurrentTransport;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\HttpResponse;

/** Carries out the requests of a run on a virtual clock: each takes its time, and several overlap. */
final class VirtualNetwork implements ConcurrentTransport
{
    /** @var list<string> the link or path of each attempt */
    public array $targets = [];
    /** @var list<float> when each attempt began */
    public array $starts = [];
    /** @var array<string, string> idempotency keys by links */
    public array $keys = [];
    public int $maxInFlight = 0;
    /** @var array<int, array{float, object}> when requests under way end, and how */
    private array $underWay = [];

    /** @param array<string, list<array<string, mixed>>> $script */
    public function __construct(private array $script, private readonly VirtualClock $clock)
    {
    }

    public function send(HttpRequest $request): HttpResponse
    {
        throw new \LogicException('a run starts its requests');
    }

    public function start(HttpRequest $request): int
    {
        $id = count($this->targets);
        $described = Script::describe($request);
        $isPost = $described['method'] === 'POST';
        $target = $isPost ? $described['json']['url'] : $described['path'];
        if ($isPost) {
            $this->keys[$target] = $described['json']['idempotency_key'];
        }
        $this->targets[] = $target;
        $this->starts[] = $this->clock->elapsed;
        $answer = array_shift($this->script[$target]);
        if ($answer === null) {
            throw new \LogicException("no answer is left for {$target}");
        }
        $end = $this->clock->elapsed + Script::secondsOf($answer, $request);
        $this->underWay[$id] = [$end, Script::reply($answer, $request)];
        $this->maxInFlight = max($this->maxInFlight, count($this->underWay));

        return $id;
    }

    public function poll(array $ids, float $maxMs): array
    {
        $first = min(array_column($this->underWay, 0));
        $until = $this->clock->elapsed + $maxMs / 1000;
        if ($first > $until) {
            $this->clock->elapsed = $until;

            return [];
        }
        $id = array_search($first, array_map(static fn (array $exchange) => $exchange[0], $this->underWay), true);
        $reply = $this->underWay[$id][1];
        unset($this->underWay[$id]);
        $this->clock->elapsed = max($this->clock->elapsed, $first);

        return [$id => $reply];
    }

    public function drop(int $id): void
    {
        unset($this->underWay[$id]);
    }
}
