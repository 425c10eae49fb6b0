<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Exception\ConfigurationException;
use LinkSkipper\Sdk\Exception\ForbiddenScopeException;
use LinkSkipper\Sdk\Exception\InvalidKeyException;
use LinkSkipper\Sdk\Exception\LinkSkipperException;
use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Exception\OutOfCreditsException;
use LinkSkipper\Sdk\Exception\QuotaExceededException;
use LinkSkipper\Sdk\Http\Clock;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\HttpResponse;
use LinkSkipper\Sdk\Model\Outcome;

/**
 * A run of many links, without I/O: says which requests to send when, and is told what came of them.
 *
 * A driver adds links while the run wants them, sends what `take` returns, calls `resume` with the replies, and takes
 * the outcomes.
 *
 * @internal
 */
final class Run
{
    // Every further link would meet the same error.
    private const FATAL = [
        InvalidKeyException::class,
        ForbiddenScopeException::class,
        OutOfCreditsException::class,
        QuotaExceededException::class,
    ];

    public ?LinkSkipperException $error = null;
    /** @var \SplQueue<Outcome> */
    public readonly \SplQueue $outcomes;
    private readonly Pacer $pacer;
    /** @var \SplQueue<array{int, mixed}> */
    private \SplQueue $links;
    /** @var \SplQueue<RunLink> */
    private \SplQueue $atGate;
    /** @var \SplQueue<array{RunLink, HttpRequest}> */
    private readonly \SplQueue $starts;
    /** @var \SplMinHeap<array{float, int, RunLink}> when they wake, and their order among equals */
    private readonly \SplMinHeap $sleeping;
    private int $sleeps = 0;
    private bool $exhausted = false;
    private int $inProgress = 0;

    /** @param \Closure(string): \Generator $begin makes the flow of a link */
    public function __construct(
        private readonly \Closure $begin,
        private readonly int $concurrency,
        private readonly Clock $clock,
    ) {
        $this->outcomes = new \SplQueue();
        $this->pacer = new Pacer($clock);
        $this->links = new \SplQueue();
        $this->atGate = new \SplQueue();
        $this->starts = new \SplQueue();
        $this->sleeping = new \SplMinHeap();
    }

    /** Say whether all links have their outcomes. */
    public function finished(): bool
    {
        return $this->exhausted && $this->links->isEmpty() && $this->inProgress === 0;
    }

    /** Say whether a link should be added. */
    public function wantsLinks(): bool
    {
        return !$this->exhausted && count($this->links) < $this->concurrency;
    }

    public function add(int $index, mixed $url): void
    {
        $this->links->enqueue([$index, $url]);
    }

    /** Learn that there are no more links. */
    public function exhaust(): void
    {
        $this->exhausted = true;
    }

    /**
     * Return a request to send now. Null: there is none before a reply, a time or an outcome that is taken.
     *
     * @return array{RunLink, HttpRequest}|null
     */
    public function take(): ?array
    {
        if ($this->starts->isEmpty() && count($this->outcomes) < $this->concurrency) {
            $this->collectStarts();
        }

        return $this->starts->isEmpty() ? null : $this->starts->dequeue();
    }

    /** Go on with a link whose request has ended. */
    public function resume(RunLink $link, HttpResponse|NetworkException $reply): void
    {
        $this->pacer->ended($reply);
        $this->advance($link, $reply);
    }

    /** Return the milliseconds after which `take` has something to do even without a reply. */
    public function wakesIn(): float
    {
        $wake = $this->sleeping->isEmpty() ? INF : $this->sleeping->top()[0];
        if (!$this->atGate->isEmpty()) {
            $wake = min($wake, $this->pacer->opensAt());
        }

        return max(0.0, $wake - $this->clock->nowMs());
    }

    private function collectStarts(): void
    {
        $now = $this->clock->nowMs();
        while (!$this->sleeping->isEmpty() && $this->sleeping->top()[0] <= $now) {
            $this->advance($this->sleeping->extract()[2], null);
        }
        $this->admit($now);
        while (!$this->links->isEmpty() && $this->inProgress < $this->concurrency) {
            $this->beginLink(...$this->links->dequeue());
            $this->admit($now);
        }
    }

    private function beginLink(int $index, mixed $url): void
    {
        $this->inProgress++;
        if (is_string($url)) {
            $this->advance(new RunLink($index, $url, ($this->begin)($url)), null);

            return;
        }
        $error = new ConfigurationException('url must be text, not ' . get_debug_type($url) . '.');
        $this->end(new Outcome($index, is_scalar($url) ? (string) $url : get_debug_type($url), null, $error));
    }

    private function admit(float $now): void
    {
        while (!$this->atGate->isEmpty() && $this->pacer->opensAt() <= $now) {
            $this->advance($this->atGate->dequeue(), null);
        }
    }

    /** Run a link's flow up to its next effect, or to its end. */
    private function advance(RunLink $link, HttpResponse|NetworkException|null $reply): void
    {
        try {
            $effect = $link->next($reply);
            while ($effect instanceof Pause) {
                $this->pacer->pause($effect->milliseconds);
                $effect = $link->next(null);
            }
            if ($effect === null) {
                $this->end(new Outcome($link->index, $link->url, $link->link(), null));
            } else {
                $this->perform($link, $effect);
            }
        } catch (LinkSkipperException $error) {
            $this->end(new Outcome($link->index, $link->url, null, $error));
            if (in_array($error::class, self::FATAL, true)) {
                $this->endRun($error);
            }
        }
    }

    private function perform(RunLink $link, object $effect): void
    {
        if ($effect instanceof HttpRequest) {
            $link->sent = true;
            $this->pacer->started();
            $this->starts->enqueue([$link, $effect]);
        } elseif ($effect instanceof Sleep) {
            $this->sleeping->insert([$this->clock->nowMs() + $effect->milliseconds, $this->sleeps++, $link]);
        } else {
            $this->atGate->enqueue($link);
        }
    }

    private function end(Outcome $outcome): void
    {
        $this->inProgress--;
        $this->outcomes->enqueue($outcome);
    }

    private function endRun(LinkSkipperException $error): void
    {
        $this->error ??= $error;
        $this->exhausted = true;
        $this->links = new \SplQueue();
        $waiting = $this->atGate;
        $this->atGate = new \SplQueue();
        foreach ($waiting as $link) {
            $link->sent ? $this->atGate->enqueue($link) : $this->inProgress--;
        }
    }
}
