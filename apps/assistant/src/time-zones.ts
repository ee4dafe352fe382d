/** Places that no time zone is named after. */
const PLACES: Readonly<Record<string, string>> = {
  barcelona: "Europe/Madrid",
  beijing: "Asia/Shanghai",
  boston: "America/New_York",
  delhi: "Asia/Kolkata",
  geneva: "Europe/Zurich",
  hamburg: "Europe/Berlin",
  india: "Asia/Kolkata",
  japan: "Asia/Tokyo",
  kyoto: "Asia/Tokyo",
  milan: "Europe/Rome",
  mumbai: "Asia/Kolkata",
  munich: "Europe/Berlin",
  "new delhi": "Asia/Kolkata",
  nyc: "America/New_York",
  osaka: "Asia/Tokyo",
  "rio de janeiro": "America/Sao_Paulo",
  "san francisco": "America/Los_Angeles",
  seattle: "America/Los_Angeles",
  "st petersburg": "Europe/Moscow",
  "the uk": "Europe/London",
  washington: "America/New_York",
};

/** The IANA time zone of a place: the zone's own name, the city that it is named after, or a few more. */
export function findTimeZone(place: string): string | undefined {
  const wanted = normalize(place);
  const known = Object.hasOwn(PLACES, wanted) ? PLACES[wanted] : undefined;
  if (known !== undefined) return known;
  if (wanted === "utc" || wanted === "gmt") return "UTC";
  return (
    Intl.supportedValuesOf("timeZone").find(
      (zone) => normalize(zone) === wanted || normalize(zone.split("/").at(-1) ?? "") === wanted,
    ) ?? ownName(place)
  );
}

/** Names that are understood but not listed: `US/Pacific`, `CET`, `+02:00`. */
function ownName(place: string): string | undefined {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: place.trim() }).resolvedOptions().timeZone;
  } catch {
    return undefined;
  }
}

function normalize(name: string): string {
  return name
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[_\-\s]+/g, " ")
    .replace(/[.,!?]/g, "")
    .trim();
}
