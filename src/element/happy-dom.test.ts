// @vitest-environment happy-dom
import { describe } from "vitest";
import { accepted } from "../testing/accepted.ts";
import { testComponents } from "./component.shared.ts";

describe(
  accepted(
    "Pages and bundlers",
    "component tests in happy-dom: the element can be created; the library runs on the CPU",
    "happy-dom 21.0.4",
  ),
  testComponents,
);
