/** Chemical elements and their symbols (periodic-table). Split by element. */
import { type Entity, type Relation, type Subject, wordings } from "../knowledge.ts";
import { loadPackage } from "../packages.ts";

interface Element {
  readonly symbol: string;
  readonly name: string;
  readonly atomicMass: string | readonly number[];
  readonly electronicConfiguration: string;
  readonly electronegativity: number | "";
  readonly ionizationEnergy: number | "";
  readonly standardState: string;
  readonly bondingType: string;
  readonly meltingPoint: number | "";
  readonly boilingPoint: number | "";
  readonly density: number | "";
  readonly groupBlock: string;
  readonly yearDiscovered: number | "Ancient";
}

const measured = (
  field: string,
  unit: string,
  quantity: string,
  nouns: readonly string[],
  phrases: Relation["phrases"],
  addable: boolean,
): Relation => ({
  field,
  answerType: "number",
  unit,
  nouns,
  description: `${quantity.charAt(0).toUpperCase()}${quantity.slice(1)} of an element in ${unit}.`,
  phrases,
  superlatives: [`the highest ${quantity}`, `the lowest ${quantity}`],
  addable,
});

const relations: readonly Relation[] = [
  measured(
    "melting_point",
    "kelvin",
    "melting point",
    ["melting_point", "melting_temperature", "fusion_point"],
    wordings(
      ["the melting point in kelvin of {}", "the melting point, in kelvin, of {}"],
      ["the temperature in kelvin at which {} melts"],
      ["the melting temperature, in kelvin, of {}"],
    ),
    true,
  ),
  measured(
    "boiling_point",
    "kelvin",
    "boiling point",
    ["boiling_point", "boiling_temperature"],
    wordings(
      ["the boiling point in kelvin of {}", "the boiling point, in kelvin, of {}"],
      ["the temperature in kelvin at which {} boils"],
      ["the boiling temperature, in kelvin, of {}"],
    ),
    true,
  ),
  measured(
    "atomic_mass",
    "dalton",
    "atomic mass",
    ["atomic_mass", "atomic_weight", "element_mass"],
    wordings(
      ["the atomic mass of {}", "the atomic weight of {}"],
      ["the relative atomic mass of {}"],
      ["the average mass in dalton of an atom of {}"],
    ),
    true,
  ),
  measured(
    "ionization_energy",
    "kJ/mol",
    "first ionization energy",
    ["ionization_energy", "first_ionization"],
    wordings(
      ["the first ionization energy of {}", "the ionization energy in kJ/mol of {}"],
      ["the energy in kJ/mol of the first ionization of {}"],
      ["the first ionization energy, in kJ per mole, of {}"],
    ),
    false,
  ),
  measured(
    "electronegativity",
    "Pauling units",
    "electronegativity",
    ["electronegativity", "pauling_value"],
    wordings(
      ["the electronegativity of {}", "the Pauling electronegativity of {}"],
      ["the electronegativity on Pauling's scale of {}"],
      ["the Pauling value of {}"],
    ),
    false,
  ),
  {
    field: "group",
    answerType: "string",
    nouns: ["element_group", "chemical_family", "group_block"],
    description: "Chemical family of an element.",
    phrases: wordings(
      ["the chemical family of {}", "the element group of {}"],
      ["the family of elements that includes {}"],
      ["the group block of {} in the periodic table"],
    ),
  },
  {
    field: "discovered",
    answerType: "number",
    nouns: ["discovery_year", "year_discovered"],
    description: "Year in which an element was discovered.",
    phrases: wordings(
      ["the year of the discovery of {}", "the discovery year of {}"],
      ["the year that brought the discovery of {}"],
      ["the year in which science first recorded {}"],
    ),
    asks: wordings(
      ["When was {} discovered?", "In which year was {} discovered?"],
      ["In what year did somebody discover {}?"],
      ["What year saw the discovery of {}?"],
    ),
    superlatives: ["the latest discovery year", "the earliest discovery year"],
  },
  {
    field: "configuration",
    answerType: "string",
    nouns: ["electron_configuration", "electron_shells"],
    description: "Electron configuration of an element.",
    phrases: wordings(
      ["the electron configuration of {}", "the electronic configuration of {}"],
      ["the arrangement of the electrons of {}"],
      ["the configuration of the electron shells of {}"],
    ),
  },
];

const symbolRelations: readonly Relation[] = [
  {
    field: "element",
    to: "element",
    answerType: "string",
    nouns: ["element_by_symbol", "symbol_to_element", "element_of_symbol"],
    description: "Element that a chemical symbol stands for.",
    phrases: wordings(
      ["the element with the symbol {}", "the element whose chemical symbol is {}"],
      ["the element that chemists write as {}"],
      ["the element abbreviated {}"],
    ),
  },
];

export function chemistrySubjects(): Subject[] {
  const elements = loadPackage<readonly Element[]>("periodic-table/data.json");
  const cluster = ({ symbol }: Element) => `element:${symbol}`;
  return [
    {
      id: "element",
      domain: "chemistry",
      sources: ["periodic-table"],
      parameters: ["element", "element_name", "substance"],
      parameterDescription: "English name of the chemical element.",
      nouns: ["element_info", "element_facts", "element_data"],
      description: "Facts about a chemical element.",
      refer: (name) => name.toLowerCase(),
      relations,
      entities: elements.map(
        (element): Entity => ({
          name: element.name,
          cluster: cluster(element),
          aliases: [],
          facts: elementFacts(element),
        }),
      ),
    },
    {
      id: "symbol",
      isCode: true,
      domain: "chemistry",
      sources: ["periodic-table"],
      parameters: ["symbol", "chemical_symbol"],
      parameterDescription: "Chemical symbol of one or two letters.",
      nouns: ["symbol_info", "symbol_data"],
      description: "What a chemical symbol stands for.",
      refer: (name) => name,
      relations: symbolRelations,
      entities: elements.map((element) => ({
        name: element.symbol,
        cluster: cluster(element),
        aliases: [],
        facts: { element: element.name },
      })),
    },
  ];
}

/** Uncertainties in parentheses are dropped: "55.845(2)" is 55.845. Masses given as [n] are of short-lived isotopes. */
function elementFacts(element: Element): Entity["facts"] {
  const mass =
    typeof element.atomicMass === "string" ? Number(element.atomicMass.replace(/\(.*\)$/, "")) : Number.NaN;
  const facts: Record<string, string | number> = {
    configuration: element.electronicConfiguration,
    group: element.groupBlock,
  };
  if (Number.isFinite(mass)) facts.atomic_mass = mass;
  if (element.meltingPoint !== "") facts.melting_point = element.meltingPoint;
  if (element.boilingPoint !== "") facts.boiling_point = element.boilingPoint;
  if (element.electronegativity !== "") facts.electronegativity = element.electronegativity;
  if (element.ionizationEnergy !== "") facts.ionization_energy = element.ionizationEnergy;
  if (element.yearDiscovered !== "Ancient") facts.discovered = element.yearDiscovered;
  return facts;
}
