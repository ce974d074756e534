import { describe, expect, it } from "vitest";
import { scenarioTypes, splits } from "../../core/environment/environment.ts";
import { createKnowledgeAuthor } from "./author.ts";
import { knownSubjects } from "./subjects.ts";

const author = createKnowledgeAuthor();

describe("the knowledge", () => {
  it("covers at least eight domains, each with entities in every split", () => {
    const subjects = [...knownSubjects().values()];
    expect(new Set(subjects.map(({ domain }) => domain)).size).toBeGreaterThanOrEqual(8);
    for (const { id, bySplit } of subjects)
      for (const split of splits) expect(bySplit[split].length, `${id} ${split}`).toBeGreaterThan(15);
  });

  it("has facts that anyone can check", () => {
    const fact = (subject: string, key: string, field: string) =>
      knownSubjects().get(subject)!.byKey.get(key)!.facts[field];
    expect(fact("country", "france", "capital")).toBe("Paris");
    expect(fact("country", "japan", "calling_code")).toBe("+81");
    expect(fact("country", "brazil", "language")).toBe("Portuguese");
    expect(fact("country", "norway", "currency")).toBe("NOK");
    expect(fact("country_code", "deu", "country")).toBe("Germany");
    expect(fact("calling_code", "+39", "country")).toBe("Italy");
    expect(fact("city", "lyon", "country")).toBe("France");
    expect(fact("city", "tokyo", "time_zone")).toBe("Asia/Tokyo");
    expect(fact("time_zone", "asia/kolkata", "offset")).toBe("UTC+05:30");
    expect(fact("country", "france", "currency_since")).toBe("1999-01-01");
    expect(fact("country", "france", "former_currency")).toBe("FRF");
    expect(fact("country", "nigeria", "largest_city")).toBe("Lagos");
    expect(fact("country", "malaysia", "largest_city")).toBeUndefined();
    expect(fact("time_zone", "america/santiago", "main_city")).toBe("Santiago");
    expect(fact("script", "cyrl", "origin")).toBe("Bulgaria");
    expect(fact("node_release", "4.0.0", "released")).toBe("2015-09-08");
    expect(fact("node_release", "4.2.0", "codename")).toBe("Argon");
    expect(fact("airport", "cdg", "city")).toBe("Paris");
    expect(fact("airport", "lhr", "icao")).toBe("EGLL");
    expect(fact("currency", "jpy", "name")).toBe("Yen");
    expect(fact("currency", "chf", "number")).toBe("756");
    expect(fact("language", "finnish", "iso_code")).toBe("fin");
    expect(fact("element", "iron", "atomic_mass")).toBe(55.845);
    expect(fact("symbol", "fe", "element")).toBe("Iron");
    expect(fact("extension", ".png", "media_type")).toBe("image/png");
    expect(fact("licence", "mit", "name")).toBe("MIT License");
    expect(fact("programming_language", "python", "color")).toBe("#3572A5");
  });

  it("leaves out what its sources leave open", () => {
    const entity = (subject: string, key: string) => knownSubjects().get(subject)!.byKey.get(key);
    const facts = (subject: string, key: string) => entity(subject, key)!.facts;
    expect(facts("country", "russia").continent, "Asia and Europe").toBeUndefined();
    expect(facts("country", "puerto rico").calling_code, "+1787 and +1939").toBeUndefined();
    expect(facts("calling_code", "+377").country, "one of several for Kosovo").toBe("Monaco");
    expect(facts("country", "kosovo"), "its codes are not ISO's").not.toHaveProperty("alpha3");
    expect(entity("country_code", "xkk")).toBeUndefined();
    expect(facts("country", "panama").currency, "balboa and US dollar").toBeUndefined();
    expect(facts("country", "cuba"), "CUC came after CUP").not.toHaveProperty("former_currency");
    expect(facts("currency", "clf"), "a unit of account").not.toHaveProperty("country");
    expect(facts("currency", "clp").country).toBe("Chile");
    expect(facts("time_zone", "asia/damascus"), "Aleppo or Damascus").not.toHaveProperty("main_city");
    expect(facts("time_zone", "asia/seoul").main_city).toBe("Seoul");
    expect(entity("language", "tonga"), "the name of three").toBeUndefined();
    expect(facts("country", "tonga").language, "nor English instead").toBeUndefined();
    expect(facts("language", "malay"), "msa and zlm").toEqual({ country: "Malaysia" });
    expect(entity("extension", ".mp4"), "application/mp4 and video/mp4").toBeUndefined();
  });

  it("serves whole tables whose rows are the entities' facts", async () => {
    const { country } = await author.subjectTables(["country"]);
    expect(Object.keys(country!.rows)).toHaveLength(knownSubjects().get("country")!.entities.length);
    expect(country!.rows[country!.aliases.fr!]!.capital).toBe("Paris");
    expect(scenarioTypes).toHaveLength(4);
  });
});
