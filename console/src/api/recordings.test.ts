import { describe, expect, it } from "vitest";
import { withReason } from "./recordings";

describe("an address from a description", () => {
  const bare = "/api/v1/cameras/gate/recording.mp4?from_ms=1&to_ms=2&stream=main";
  it("stays as it is without a reason", () => {
    expect(withReason(bare, null)).toBe(bare);
  });
  it("names the reason given now, and every field once", () => {
    const told = `${bare}&purpose=inspection&case=old`;
    const asked = withReason(told, { purpose: "retrieval", case: "公安 7/26" }, { width: 640 });
    const params = new URL(asked, "http://gateway").searchParams;
    expect(Object.fromEntries(params)).toEqual({
      from_ms: "1",
      to_ms: "2",
      stream: "main",
      purpose: "retrieval",
      case: "公安 7/26",
      width: "640",
    });
    expect([...params.keys()]).toHaveLength(6);
  });
});
