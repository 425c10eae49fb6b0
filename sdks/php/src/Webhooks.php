<?php

declare(strict_types=1);

namespace LinkSkipper\Sdk;

use LinkSkipper\Sdk\Internal\Calls;
use LinkSkipper\Sdk\Model\Delivery;
use LinkSkipper\Sdk\Model\DeliveryDetail;

/** The webhook deliveries of the key: `$client->webhooks`. */
final readonly class Webhooks
{
    /** @internal */
    public function __construct(private Calls $calls)
    {
    }

    /**
     * Iterate over the deliveries, newest first. Pages are fetched when they are needed.
     *
     * @param string|null $status `pending`, `delivered` or `failed`
     * @return \Generator<int, Delivery>
     */
    public function deliveries(
        ?string $status = null,
        ?int $pageSize = null,
        ?string $before = null,
        CallOptions $options = new CallOptions(),
    ): \Generator {
        return $this->calls->deliveries($status, $pageSize, $before, $options);
    }

    /** Return a delivery with its event and its attempts. */
    public function delivery(string $deliveryId, CallOptions $options = new CallOptions()): DeliveryDetail
    {
        return $this->calls->run($this->calls->delivery($deliveryId, $options), $options);
    }

    /** Send a delivery again. */
    public function redeliver(string $deliveryId, CallOptions $options = new CallOptions()): Delivery
    {
        return $this->calls->run($this->calls->redeliver($deliveryId, $options), $options);
    }
}
