<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Enum\JobStatus;
use LinkSkipper\Sdk\Exception\JobFailedException;
use LinkSkipper\Sdk\Exception\LinkSkipperException;
use LinkSkipper\Sdk\Exception\RequestTimeoutException;
use LinkSkipper\Sdk\Exception\ResolveFailedException;
use LinkSkipper\Sdk\Exception\TimeoutException;
use LinkSkipper\Sdk\Exception\UnexpectedResponseException;
use LinkSkipper\Sdk\Http\Clock;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\RetryPolicy;
use LinkSkipper\Sdk\Model\Job;
use LinkSkipper\Sdk\Model\ResolvedLink;

/**
 * A wait for one link by long polls: its deadline over everything, and the job that it knows. All times are
 * milliseconds.
 *
 * @internal
 */
final class Wait
{
    private const MAX_LONG_POLL = 60_000;
    private const NOTHING = 1; // not worth a request
    private const HELD = 100; // by which a held answer may come early
    private const GRACE = 100; // after the deadline, in which an answer that was held until then may still arrive
    private const POST_RESERVE = 1000; // kept for the answer to the POST: without its job id nothing can go on

    private readonly Clock $clock;
    private readonly float $maxWait;
    private readonly float $interval;
    private readonly float $longPoll;
    private readonly float $began;
    private float $deadline;
    private float $hold = 0.0;
    private float $sent;
    private ?string $jobId = null;

    public function __construct(private readonly Caller $caller, ?int $maxWaitMs, ?int $pollIntervalMs)
    {
        $config = $caller->config;
        $this->clock = $caller->clock;
        $this->maxWait = Options::milliseconds('maxWaitMs', $maxWaitMs ?? $config->maxWaitMs, 1);
        $this->interval = Options::milliseconds('pollIntervalMs', $pollIntervalMs ?? $config->pollIntervalMs);
        $this->longPoll = min($config->longPollMs, self::MAX_LONG_POLL);
        $this->began = $this->sent = $this->clock->nowMs();
        $this->deadline = $this->began + $this->maxWait;
    }

    /**
     * Post a link and wait for its job.
     *
     * @param array<string, string> $body
     * @return \Generator<int, object, mixed, ResolvedLink>
     */
    public function resolve(string $url, array $body): \Generator
    {
        try {
            $answer = yield from $this->caller->exchange(fn () => $this->post($body), $this);
        } catch (ResolveFailedException $error) {
            throw new JobFailedException("The job failed: {$error->getMessage()}", null, previous: $error);
        }
        $parser = static fn (Fields $fields) => Parser::resolve($fields, $answer->meta, $url);
        $result = $this->caller->reader->parse($answer, $parser);
        if ($result->isDone()) {
            return Parser::linkOfResult($result);
        }
        $this->jobId = (string) $result->jobId;
        if ($this->hold === 0.0) {
            yield from $this->sleepRest();
        }

        return yield from $this->poll($this->jobId, $url);
    }

    /**
     * Ask for a job until it has ended.
     *
     * @return \Generator<int, object, mixed, ResolvedLink>
     */
    public function poll(string $jobId, ?string $url): \Generator
    {
        $this->jobId = $jobId;
        while (true) {
            $answer = yield from $this->caller->exchange($this->get(...), $this);
            $result = $this->parse($answer, $jobId, $url);
            if ($result instanceof ResolvedLink) {
                return $result;
            }
            if ($result->status->isTerminal()) {
                throw self::jobFailed($result);
            }
            if ($this->hold === 0.0 || $this->clock->nowMs() - $this->sent < $this->hold - self::HELD) {
                yield from $this->sleepRest();
            }
        }
    }

    /** Return how many attempts an exchange has: polls of a known job go on until the deadline. */
    public function maxAttempts(RetryPolicy $policy): float
    {
        return $this->jobId !== null && $policy->maxAttempts > 1 ? INF : $policy->maxAttempts;
    }

    /** Throw if the exchange must not be tried again after a delay. Null: it cannot be tried again. */
    public function check(LinkSkipperException $error, ?float $delay): void
    {
        $remaining = $this->remaining();
        if ($remaining <= self::NOTHING && ($delay !== null || $error instanceof RequestTimeoutException)) {
            throw $this->timedOut($error);
        }
        if ($delay !== null && $delay < $remaining) {
            return;
        }
        throw $delay !== null && $this->jobId !== null ? $this->timedOut($error) : $this->withJob($error);
    }

    /** Move the deadline: the run of many links was paused. */
    public function extend(float $milliseconds): void
    {
        $this->deadline += $milliseconds;
    }

    /** @param array<string, string> $body */
    private function post(array $body): HttpRequest
    {
        $remaining = $this->startAttempt();
        $this->hold = floor(min($this->longPoll, $remaining - min(self::POST_RESERVE, $remaining / 2)));

        return $this->caller->request('POST', '/v1/resolve', [], $body, $this->hold, $remaining + self::GRACE);
    }

    private function get(): HttpRequest
    {
        $remaining = $this->startAttempt();
        $this->hold = floor(min($this->longPoll, $remaining));
        $path = '/v1/jobs/' . Text::segment((string) $this->jobId);
        $limit = $remaining + self::GRACE;

        return $this->caller->request('GET', $path, ['include' => 'trace'], null, $this->hold, $limit);
    }

    private function startAttempt(): float
    {
        $remaining = $this->remaining();
        if ($remaining <= self::NOTHING) {
            throw $this->timedOut(null);
        }
        $this->sent = $this->clock->nowMs();

        return $remaining;
    }

    private function parse(Answer $answer, string $jobId, ?string $url): Job|ResolvedLink
    {
        $parser = static function (Fields $fields) use ($answer, $jobId, $url): Job|ResolvedLink {
            $job = Parser::job($fields, $answer->meta, $jobId);

            return $job->status === JobStatus::Done ? Parser::linkOfJob($fields, $answer->meta, $jobId, $url) : $job;
        };
        try {
            return $this->caller->reader->parse($answer, $parser);
        } catch (UnexpectedResponseException $error) {
            throw $this->withJob($error);
        }
    }

    /** Sleep what is left of the poll interval since the last request, but not beyond the deadline. */
    private function sleepRest(): \Generator
    {
        $rest = min($this->interval - ($this->clock->nowMs() - $this->sent), $this->remaining());
        if ($rest > 0) {
            yield new Sleep($rest);
        }
    }

    private function remaining(): float
    {
        return $this->deadline - $this->clock->nowMs();
    }

    private function timedOut(?LinkSkipperException $error): LinkSkipperException
    {
        $waited = $this->clock->nowMs() - $this->began;
        $subject = $this->jobId === null ? 'The link' : "Job {$this->jobId}";
        $reason = $error === null ? '' : " The last exchange failed: {$error->getMessage()}";
        $times = sprintf('%g s (waited %.1f s)', $this->maxWait / 1000, $waited / 1000);
        $message = "{$subject} was not done within {$times}.{$reason}";

        return $this->withJob(new TimeoutException($message, (int) round($waited), $error));
    }

    private function withJob(LinkSkipperException $error): LinkSkipperException
    {
        $error->jobId = $this->jobId;

        return $error;
    }

    private static function jobFailed(Job $job): JobFailedException
    {
        $invalid = $job->status === JobStatus::Invalid;
        $reason = $job->error ?? ($invalid ? 'unsupported_link' : 'resolve_failed');
        $stop = $job->reason === null ? '' : " ({$job->reason})";
        $outcome = $invalid ? 'is invalid' : 'failed';

        return new JobFailedException("Job {$job->jobId} {$outcome}: {$reason}{$stop}.", $job, $reason);
    }
}
