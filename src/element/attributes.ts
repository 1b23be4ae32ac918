// The element's attributes, and the properties that mirror them.

import type { DeviceChoice } from "../index.ts";
import type { Lent } from "./lease.ts";

/** The properties that mirror attributes, with the types of their values. */
export interface Attributes {
  src: string;
  model: string;
  labels: readonly string[];
  device: DeviceChoice;
  topK: number;
  threshold: number;
  loading: "eager" | "lazy";
  crossOrigin: string | null;
  alt: string;
  width: number;
  height: number;
  announce: "off" | "polite" | "";
  autoplay: boolean;
  worker: boolean;
  name: string;
}

interface Attribute<T> {
  readonly attribute: string;
  /** What a change updates: the image is fetched, a run begins, or only the display changes. The form reads `name` itself. */
  readonly renews?: "picture" | "run" | "place" | "results" | "alt" | "size" | "announce";
  /** Converts the attribute's value to the property's; null if the attribute is absent. */
  read(value: string | null): T;
  /** Converts the property's value to the attribute's: a string, or whether it is present. By default, the value as a string. */
  readonly write?: (value: T) => string | boolean;
}

const text = (value: string | null) => value ?? "";
/** CSS pixels; 0 without any. */
const pixels = (value: string | null) => Math.max(Number.parseFloat(value ?? ""), 0) || 0;

const ATTRIBUTES: { readonly [Name in keyof Attributes]: Attribute<Attributes[Name]> } = {
  src: { attribute: "src", renews: "picture", read: text },
  model: { attribute: "model", renews: "run", read: text },
  labels: {
    attribute: "labels",
    renews: "run",
    read: (value) => [...new Set((value ?? "").split(",").map((label) => label.trim()))].filter(Boolean),
  },
  device: {
    attribute: "device",
    renews: "run",
    read: (value) => (["webgpu", "cpu"] as const).find((choice) => choice === value?.toLowerCase()) ?? "auto",
  },
  topK: {
    attribute: "top-k",
    renews: "run",
    read: (value) => (Number.isInteger(Number(value)) && Number(value) >= 1 ? Number(value) : 5),
  },
  threshold: {
    attribute: "threshold",
    renews: "results",
    read: (value) => (Number(value) > 0 && Number(value) <= 1 ? Number(value) : 0),
  },
  loading: {
    attribute: "loading",
    renews: "place",
    read: (value) => (value?.toLowerCase() === "lazy" ? "lazy" : "eager"),
  },
  crossOrigin: {
    attribute: "crossorigin",
    renews: "picture",
    read: (value) => value,
  },
  alt: { attribute: "alt", renews: "alt", read: text },
  width: { attribute: "width", renews: "size", read: pixels },
  height: { attribute: "height", renews: "size", read: pixels },
  announce: {
    attribute: "announce",
    renews: "announce",
    read: (value) => (["off", "polite"] as const).find((choice) => choice === value?.toLowerCase()) ?? "",
  },
  autoplay: {
    attribute: "autoplay",
    renews: "run",
    read: (value) => value !== null,
    write: Boolean,
  },
  worker: {
    attribute: "worker",
    renews: "run",
    read: (value) => value !== null,
    write: Boolean,
  },
  name: { attribute: "name", read: text },
};

const entries = Object.entries(ATTRIBUTES) as [keyof Attributes, Attribute<unknown>][];
const renewals = new Map(entries.map(([, { attribute, renews }]) => [attribute, renews]));

/** Attributes whose changes the element observes. */
export const observedAttributes: readonly string[] = [...renewals].flatMap(([name, renews]) =>
  renews ? [name] : [],
);

export const renewedBy = (attribute: string): Attribute<unknown>["renews"] => renewals.get(attribute);

/**
 * Defines a property for each attribute on the class of an element. Undefined and null remove the attribute: React sets a property
 * to undefined to remove it.
 */
export function mirrorAttributes(prototype: HTMLElement): void {
  for (const [property, { attribute, read, write = String }] of entries)
    Object.defineProperty(prototype, property, {
      configurable: true,
      get(this: HTMLElement) {
        return read(this.getAttribute(attribute));
      },
      set(this: HTMLElement, value: unknown) {
        const written = value !== undefined && value !== null && write(value);
        if (typeof written === "string") this.setAttribute(attribute, written);
        else this.toggleAttribute(attribute, written);
      },
    });
}

interface Changing {
  attributeChangedCallback(name: string): void;
}

const given = new WeakMap<Element, Lent>();

/** Defines the property `classifier`: a classifier of the page, used instead of `model`. */
export function addClassifier(prototype: HTMLElement & Changing): void {
  Object.defineProperty(prototype, "classifier", {
    configurable: true,
    get(this: HTMLElement) {
      return given.get(this) ?? null;
    },
    set(this: HTMLElement & Changing, classifier: Lent | null | undefined) {
      if (classifier) given.set(this, classifier);
      else given.delete(this);
      this.attributeChangedCallback("model");
    },
  });
}

/** A property set before the class was defined hides the accessor; it is set again. */
export function upgradeProperties(element: HTMLElement & Attributes): void {
  for (const property of ["classifier", ...entries.map(([name]) => name)] as (keyof Attributes)[]) {
    if (!Object.hasOwn(element, property)) continue;
    const value = element[property];
    delete (element as Partial<Attributes>)[property];
    Object.assign(element, { [property]: value });
  }
}
