<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Tests\Support;

use LinkSkipper\Sdk\Exception\NetworkException;
use LinkSkipper\Sdk\Http\HttpRequest;
use LinkSkipper\Sdk\Http\HttpResponse;
use LinkSkipper\Sdk\Http\Transport;

/** Answers the attempts of a call one after the other, on a virtual clock. */
final class ScriptedTransport implements Transport
{
    /** @var list<array<string, mixed>> */
    public array $requests = [];

    public function __construct(public array $answers, private readonly VirtualClock $clock)
    {
    }

    public function send(HttpRequest $request): HttpResponse
    {
        $this->requests[] = [...Script::describe($request), 'at' => $this->clock->elapsed];
        $answer = array_shift($this->answers);
        if ($answer === null) {
            throw new \LogicException("no answer is left for {$request->method} {$request->url}");
        }
        $this->clock->elapsed += Script::secondsOf($answer, $request);
        $reply = Script::reply($answer, $request);

        return $reply instanceof NetworkException ? throw $reply : $reply;
    }
}
