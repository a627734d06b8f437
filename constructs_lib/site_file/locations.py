"""The areas of Route 53's geolocation records: continents, their countries, and the states of the US.

Codes (ISO 3166-1 alpha-2; CloudFront-Viewer-Country uses the same) and the continent of each country:
https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-geo.html. The four that it leaves out stand
where the UN's M49 puts them.
"""


def _codes(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CONTINENTS: dict[str, tuple[str, ...]] = {
    "AF": _codes(
        "AO BF BI BJ BW CD CF CG CI CM CV DJ DZ EG EH ER ET GA GH GM GN GQ GW KE KM LR LS LY MA MG ML MR MU "
        "MW MZ NA NE NG RE RW SC SD SH SL SN SO SS ST SZ TD TG TN TZ UG YT ZA ZM ZW"
    ),
    "AN": _codes("AQ BV GS HM TF"),
    "AS": _codes(
        "AE AF AM AZ BD BH BN BT CC CN CX GE HK ID IL IN IO IQ IR JO JP KG KH KP KR KW KZ LA LB LK MM MN "
        "MO MV MY NP OM PH PK PS QA SA SG SY TH TJ TM TR TW UZ VN YE"
    ),
    "EU": _codes(
        "AD AL AT AX BA BE BG BY CH CY CZ DE DK EE ES FI FO FR GB GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC "
        "MD ME MK MT NL NO PL PT RO RS RU SE SI SJ SK SM UA VA XK"
    ),
    "NA": _codes(
        "AG AI AW BB BL BM BQ BS BZ CA CR CU CW DM DO GD GL GP GT HN HT JM KN KY LC MF MQ MS MX NI PA PM PR "
        "SV SX TC TT US VC VG VI"
    ),
    "OC": _codes("AS AU CK FJ FM GU KI MH MP NC NF NR NU NZ PF PG PN PW SB TK TL TO TV UM VU WF WS"),
    "SA": _codes("AR BO BR CL CO EC FK GF GY PE PY SR UY VE"),
}
"""Continent code -> its countries."""

COUNTRIES: tuple[str, ...] = tuple(sorted(country for countries in CONTINENTS.values() for country in countries))

WITHOUT_RECORDS: tuple[str, ...] = ("BV", "CX", "EH", "HM")
"""Countries that Route 53 makes no geolocation record for, as no addresses are known there: the page above, Note."""

ROUTED_COUNTRIES: tuple[str, ...] = tuple(country for country in COUNTRIES if country not in WITHOUT_RECORDS)
"""What `countries` of a site file may name."""

US_STATES: tuple[str, ...] = _codes(
    "AK AL AR AZ CA CO CT DC DE FL GA HI IA ID IL IN KS KY LA MA MD ME MI MN MO MS MT NC ND NE NH NJ NM "
    "NV NY OH OK OR PA RI SC SD TN TX UT VA VT WA WI WV WY"
)
SUBDIVISIONS: tuple[str, ...] = tuple(f"US-{state}" for state in US_STATES)
"""Route 53 takes the states of the US as `SubdivisionCode`; written here as ISO 3166-2 has them, such as US-VA."""


def continent_of(country: str) -> str:
    """Returns the continent code of a country code."""
    return next(continent for continent, countries in CONTINENTS.items() if country in countries)
