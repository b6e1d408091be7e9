"""Units that may stand behind a number, and words that multiply it: 5 km, 12 square feet, 3 million dollars."""

import re
from collections.abc import Container
from typing import NamedTuple

# Spellings of one unit stand in a line, the first is its name, and units of one kind in a paragraph. Plurals in -s and
# -es are known too.
_MEASURES = """
meter metre m
kilometer kilometre km
centimeter centimetre cm
millimeter millimetre mm
decimeter dm
micrometer
nanometer nm
inch inches in
foot feet ft
yard yd
mile mi

second sec s
minute min
hour hr h
day
week wk
month
year yr
decade
century centuries

gram gramme g gm
kilogram kilo kg
milligram mg
ton tonne
pound lb lbs
ounce oz

liter litre l
milliliter millilitre ml
gallon gal
quart
pint
cup
tablespoon tbsp
teaspoon tsp

acre
hectare ha

degree deg celsius c fahrenheit f
radian rad

kelvin k

dollar usd buck
cent
euro eur
gbp
rupee rs inr
yen
yuan
peso
franc

joule j
kilojoule kj
calorie cal

watt w
kilowatt kw

newton n

volt v

ampere amp

ohm

hertz hz

mole mol

byte
bit

am
pm

percent pct percentage
"""
_SPEEDS = {
    "mph": ("mile", "hour"),
    "kph": ("kilometer", "hour"),
    "kmph": ("kilometer", "hour"),
    "kmh": ("kilometer", "hour"),
}
# Things that are counted, and words that count; two of these never contradict each other.
_COUNTABLE = """
unit piece item thing object number digit integer time way method possibility possibilities outcome combination
arrangement permutation choice option solution value root term factor divisor multiple prime pair triple set group
team person people man men woman women child children kid boy girl student pupil teacher friend player worker employee
member guest visitor customer passenger tourist resident citizen voter fan adult baby babies family families sister
brother cousin classmate soldier doctor nurse patient artist painter apple orange banana peach pear plum grape lemon
lime mango cherry cherries berry berries strawberry strawberries blueberry blueberries watermelon pumpkin tomato
potato carrot onion egg cookie cake cupcake pie pizza slice donut doughnut muffin brownie sandwich burger hotdog taco
bagel candy candies chocolate lollipop bar snack meal lunch dinner breakfast drink bottle can glass cup mug jar box
crate carton bag sack basket bucket container package packet pack tray bowl plate fork spoon knife knives pot pan loaf
loaves bread book page chapter paragraph line word letter story stories magazine newspaper notebook pencil pen crayon
marker eraser card stamp sticker postcard photo picture painting poster paper sheet ticket coin bill note penny
pennies nickel dime quarter toy ball balloon doll game puzzle marble block bead button ribbon lego kite dog cat bird
fish horse cow pig sheep goat chicken hen duck goose geese rabbit mouse mice monkey lion tiger elephant animal pet
insect bug ant bee spider butterfly butterflies frog turtle snake bear wolf wolves deer tree flower rose tulip plant
seed leaf leaves bush branch rock stone shell car truck bus bike bicycle boat ship train plane vehicle wheel tire seat
trip lap flight ride house home room floor door window wall table chair desk bed lamp shelf shelves brick tile board
plank nail screw bolt tool rope stick pole post fence shirt dress skirt pants shoe sock hat glove scarf scarves jacket
coat sweater necklace bracelet ring song video movie show episode message call email follower view like point goal run
score mark grade vote hit side edge vertex vertices face corner angle square circle triangle rectangle cube segment
row column step stair hop jump move turn round match race mile lesson class course problem question test exam quiz
task job shift session visit appointment farm field garden school store shop park pool city cities town state country
countries clip trophy trophies medal prize award gift present bouquet wreath candle battery batteries wire cable phone
computer laptop tablet camera radio television console headphone keyboard vase pitcher barrel tank pipe hose shovel
hammer rake shrimp crab lobster oyster worm caterpillar pigeon parrot turkey pony ponies donkey goldfish puppy puppies
kitten lamb calf calves colt foal chick duckling squirrel fox raccoon owl dolphin whale shark seal penguin kangaroo
zebra giraffe pepper cucumber cabbage lettuce mushroom bean pea corn cob nut almond walnut peanut cashew raisin date
fig melon pineapple coconut kiwi apricot avocado olive pickle waffle pancake biscuit cracker chip pretzel popsicle
marshmallow jellybean gumball sundae cone scoop serving portion ration necktie tie belt blanket pillow towel curtain
rug carpet uniform costume mask boot sandal sneaker pajama acorn pinecone feather pebble gem jewel diamond pearl
crystal coupon token raffle ballot badge pin magnet charm figurine statue senior junior freshman freshmen sophomore
camper scout hiker runner swimmer dancer singer musician actor teammate neighbor neighbour tenant owner seller buyer
client shopper rebound assist touchdown inning rep pushup situp squat dose pill capsule syringe injection vial more
less fewer left remaining total altogether extra additional
"""
_POWERS = {"square", "sq", "squared", "cubic", "cu", "cubed"}
# What links the parts of a unit: miles per hour, dollars each.
_LINKS = {"per", "each", "a", "an", "every"}
SCALES = {
    "hundred": 10**2,
    "thousand": 10**3,
    "million": 10**6,
    "billion": 10**9,
    "trillion": 10**12,
    "dozen": 12,
}
# Words of two letters that are no product of variables where they stand at the number: 3km, but not 3in.
_ADJACENT = frozenset(
    ["km", "cm", "mm", "dm", "nm", "kg", "gm", "mg", "ml", "ft", "yd", "lb", "oz", "hr", "pm", "hz", "kw", "kj"]
)
# Single letters are variables more often than units, except for these where they stand apart from the number.
_LETTERS = {" m", " g", " s", " h", " l", " L"}
_PHRASE = re.compile(r"\s*-?(?:[A-Za-z]+\.?(?:\^?[23]|\^\{[23]\}|[\u00b2\u00b3])?(?:\s*[/-]\s*(?=[A-Za-z])|\s+|$))+")
_LONGEST = 80
_MEASURE = {word: line.split()[0] for line in _MEASURES.splitlines() for word in line.split()}
_KIND = {word: kind for kind, lines in enumerate(_MEASURES.split("\n\n")) for word in lines.split()}
_THINGS = frozenset(_COUNTABLE.split())


class Unit(NamedTuple):
    """What follows a number.

    Parameters
    ----------
    scale
        What the words multiply the number by.
    percent
        Whether it is a percentage.
    measures
        Names of the measures, in order; counted things are left out.
    """

    scale: int
    percent: bool
    measures: tuple[str, ...]


def unit(words: str) -> Unit | None:
    """Unit in the words behind a number, for instance " km/h" or " million dollars"; None where they are none."""
    if not words.strip():
        return Unit(1, False, ())
    if len(words) > _LONGEST or not _PHRASE.fullmatch(words) or (len(words.strip()) == 1 and words not in _LETTERS):
        return None
    measures: list[str] = []
    scale, has_thing = 1, False
    tokens = re.findall("[A-Za-z]+", words.lower())
    if words[0].isalpha() and len(tokens[0]) == 2 and tokens[0] not in _ADJACENT:
        return None
    for place, word in enumerate(tokens):
        if word in _SPEEDS:
            measures += _SPEEDS[word]
        elif (multiple := SCALES.get(word.removesuffix("s"))) and not (measures or has_thing):
            scale *= multiple
        elif (measure := _among(word, _MEASURE)) is not None:
            measures.append(_MEASURE[measure])
        elif _among(word, _THINGS) is not None:
            has_thing = True
        elif word not in _POWERS and not (word in _LINKS and (place < len(tokens) - 1 or word == "each")):
            return None
    return Unit(scale, "percent" in measures, tuple(name for name in measures if name != "percent"))


def spelled_out(text: str) -> str:
    r"""A unit in \text{} by its name, so that it is not taken for a variable: m becomes meter."""
    return _MEASURE.get(text.strip(), text) if len(text.strip()) == 1 else text


def contradict(measures: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether two units measure the same kind of thing in different units: km against miles."""
    pairs = list(zip(measures, other, strict=False))
    return len(measures) == len(other) and any(a != b and _KIND[a] == _KIND[b] for a, b in pairs)


def _among(word: str, words: Container[str]) -> str | None:
    forms = (word,) if len(word) < 4 else (word, word.removesuffix("s"), word.removesuffix("es"))  # "ms" is not "m"
    return next((form for form in forms if form in words), None)
