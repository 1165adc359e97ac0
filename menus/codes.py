"""The fixed lists of allergens and diets; pages translate the codes."""

from django.utils.translation import gettext_lazy as _

# What Korean law asks to name, and what travelers ask about.
ALLERGENS = (
    ("wheat", _("wheat")),
    ("soy", _("soy")),
    ("egg", _("egg")),
    ("milk", _("milk")),
    ("peanut", _("peanut")),
    ("walnut", _("walnut")),
    ("pine_nut", _("pine nut")),
    ("nuts", _("nuts")),
    ("sesame", _("sesame")),
    ("buckwheat", _("buckwheat")),
    ("fish", _("fish")),
    ("mackerel", _("mackerel")),
    ("shrimp", _("shrimp")),
    ("crab", _("crab")),
    ("squid", _("squid")),
    ("clam", _("clam")),
    ("oyster", _("oyster")),
    ("shellfish", _("shellfish")),
    ("pork", _("pork")),
    ("beef", _("beef")),
    ("chicken", _("chicken")),
    ("peach", _("peach")),
    ("tomato", _("tomato")),
    ("mustard", _("mustard")),
    ("celery", _("celery")),
    ("sulfites", _("sulfites")),
)
DIETS = (
    ("vegan", _("Vegan")),
    ("vegetarian", _("Vegetarian")),
    ("halal", _("Halal")),
    ("gluten_free", _("Gluten-free")),
    ("dairy_free", _("Dairy-free")),
    ("no_pork", _("No pork")),
)
ALLERGEN_CODES = frozenset(code for code, _label in ALLERGENS)
DIET_CODES = frozenset(code for code, _label in DIETS)
