import type { BaseSessionService } from "@adk/core";
import type { FaultProxy } from "@adk/test-services";
import type { Address } from "./address.ts";
import { openService, type OpenOptions } from "./open-service.ts";
import type { Place } from "./place.ts";

/** Services on one address, closed together. */
export class Opened implements AsyncDisposable {
  readonly #address: Address;
  readonly #services: BaseSessionService[] = [];

  constructor(address: Address) {
    this.#address = address;
  }

  readonly open: Place["open"] = async ({ through, ...options } = {}) => {
    const service = await openService(
      throughProxy(this.#address, through),
      options satisfies OpenOptions,
    );
    this.#services.push(service);
    return service;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#services.map(async (service) => await service[Symbol.asyncDispose]()));
  }
}

function throughProxy(address: Address, proxy: FaultProxy | undefined): Address {
  return proxy && "url" in address ? { ...address, url: proxy.through(address.url) } : address;
}
