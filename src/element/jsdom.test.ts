// @vitest-environment jsdom
import { describe } from "vitest";
import { accepted } from "../testing/accepted.ts";
import { testComponents } from "./component.shared.ts";

describe(
  accepted(
    "Pages and bundlers",
    "component tests in jsdom: the element can be created; the library runs on the CPU",
    "jsdom 29.1.1",
  ),
  testComponents,
);
