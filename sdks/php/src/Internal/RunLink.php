<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk\Internal;

use LinkSkipper\Sdk\Model\ResolvedLink;

/**
 * A link in progress.
 *
 * @internal
 */
final class RunLink
{
    /** Whether a request was sent for it. */
    public bool $sent = false;
    private bool $begun = false;

    public function __construct(
        public readonly int $index,
        public readonly string $url,
        private readonly \Generator $flow,
    ) {
    }

    /** Go on with the flow and return its next effect. Null: it has ended, and `link` returns its result. */
    public function next(mixed $reply): ?object
    {
        if ($this->begun) {
            return $this->flow->send($reply);
        }
        $this->begun = true;

        return $this->flow->current();
    }

    public function link(): ResolvedLink
    {
        return $this->flow->getReturn();
    }
}
