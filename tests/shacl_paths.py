"""Cases of paths, targets and SPARQL constraints (tests/shacl_cases.py says what a case is)."""

from __future__ import annotations

from tests.shacl_cases import Case, prop


def select(query: str, path: str = "ex:p") -> str:
    """A property shape with one SPARQL constraint."""
    return prop(f"sh:sparql [ sh:prefixes <https://w3id.org/bilim/shapes> ; sh:select '''{query}''' ]", path)


CHAIN = "ex:a a ex:T ; ex:p ex:b . ex:b ex:p ex:c . ex:c ex:p ex:a , ex:d . ex:d ex:q ex:e . ex:lone a ex:T ."

PATHS = [
    Case(
        f"path: {name}",
        prop("sh:nodeKind sh:Literal", path),
        CHAIN,
        {("ex:a", f"ex:{v}", "NodeKind") for v in reached} | {("ex:lone", f"ex:{v}", "NodeKind") for v in alone},
    )
    for name, path, reached, alone in (
        ("one predicate", "ex:p", ["b"], []),
        ("inverse", "[ sh:inversePath ex:p ]", ["c"], []),
        ("sequence", "( ex:p ex:p )", ["c"], []),
        ("alternative", "[ sh:alternativePath ( ex:p [ sh:inversePath ex:p ] ) ]", ["b", "c"], []),
        ("zero or more", "[ sh:zeroOrMorePath ex:p ]", ["a", "b", "c", "d"], ["lone"]),
        ("one or more, round to itself", "[ sh:oneOrMorePath ex:p ]", ["a", "b", "c", "d"], []),
        ("zero or one", "[ sh:zeroOrOnePath ex:p ]", ["a", "b"], ["lone"]),
        ("one or more, then another", "( [ sh:oneOrMorePath ex:p ] ex:q )", ["e"], []),
        ("inverse of a sequence", "[ sh:inversePath ( ex:p ex:p ) ]", ["b"], []),
        ("repeated alternative", "[ sh:oneOrMorePath [ sh:alternativePath ( ex:p ex:q ) ] ]", [*"abcde"], []),
        ("sequence of optional steps", "( [ sh:zeroOrOnePath ex:p ] [ sh:zeroOrOnePath ex:p ] )", [*"abc"], ["lone"]),
        ("optional first step", "( [ sh:zeroOrOnePath ex:p ] ex:p )", ["b", "c"], []),
    )
] + [
    Case(
        "path: counts along paths that branch and meet",
        "sh:property [ sh:path ( ex:p ex:q ) ; sh:maxCount 1 ] , [ sh:path [ sh:inversePath ex:r ] ; sh:minCount 2 ] , "
        "[ sh:path [ sh:zeroOrMorePath ex:p ] ; sh:minCount 2 ; sh:class ex:T ]",
        """ex:a a ex:T ; ex:p ex:b , ex:c . ex:b a ex:T ; ex:q ex:x . ex:c a ex:T ; ex:q ex:x .
        ex:u ex:r ex:a , ex:b , ex:c .
        ex:v ex:r ex:a , ex:b . ex:d a ex:T ; ex:p ex:e . ex:e ex:q 1 , 2 . ex:u ex:r ex:d . ex:v ex:r ex:d .""",
        {
            ("ex:d", None, "MaxCount"),
            ("ex:c", None, "MinCount"),
            ("ex:b", None, "MinCount"),
            ("ex:d", "ex:e", "Class"),
        },
    )
]

TARGETS = [
    Case(
        "target: nodes, in the data or not, literals too",
        "sh:nodeKind sh:IRI ; sh:class ex:C",
        "ex:here a ex:C .",
        {("ex:absent", "ex:absent", "Class"), ("text", "text", "Class"), ("text", "text", "NodeKind")},
        target='sh:targetNode ex:here , ex:absent , "text"',
    ),
    Case(
        "target: a class with its subclasses",
        prop("sh:minCount 1"),
        """ex:a a ex:Sub . ex:Sub rdfs:subClassOf ex:Mid . ex:Mid rdfs:subClassOf ex:T . ex:b a ex:T , ex:Sub ; ex:p 1 .
        ex:c a ex:Other . ex:T rdfs:subClassOf ex:Other .""",
        {("ex:a", None, "MinCount")},
    ),
    Case(
        "target: subjects and objects of a property",
        "sh:nodeKind sh:IRI ; sh:property [ sh:path ex:name ; sh:minCount 1 ]",
        'ex:a ex:knows ex:b , "nobody" . ex:b ex:name "B" . ex:c ex:name "C" . ex:d ex:sees ex:e .',
        {("ex:a", None, "MinCount"), ("nobody", "nobody", "NodeKind"), ("nobody", None, "MinCount")},
        target="sh:targetSubjectsOf ex:knows ; sh:targetObjectsOf ex:knows",
    ),
    Case(
        "target: several kinds at once give a focus once",
        prop("sh:datatype xsd:integer"),
        'ex:a a ex:T ; ex:p "x" ; ex:knows ex:b . ex:b ex:p "y" . ex:c ex:p "z" . ex:d ex:p "w" .',
        {("ex:a", "x", "Datatype"), ("ex:b", "y", "Datatype"), ("ex:c", "z", "Datatype")},
        target="sh:targetClass ex:T ; sh:targetObjectsOf ex:knows ; sh:targetNode ex:c , ex:a",
    ),
    Case(
        "target: implicitly, a class that is a shape",
        prop("sh:maxCount 1"),
        "ex:a a bkg-sh:S ; ex:p 1 , 2 . ex:b a ex:Sub ; ex:p 1 , 2 . ex:Sub rdfs:subClassOf bkg-sh:S . "
        "ex:c ex:p 1 , 2 .",
        {("ex:a", None, "MaxCount"), ("ex:b", None, "MaxCount")},
        target="a rdfs:Class",
    ),
    Case(
        "target: a property shape with targets of its own",
        "sh:nodeKind sh:IRI",
        "ex:a a ex:T ; ex:p 1 , 2 . ex:b a ex:Other ; ex:p 1 , 2 . ex:c a ex:Other .",
        {("ex:b", None, "MaxCount")},
        more="bkg-sh:P a sh:PropertyShape ; sh:targetClass ex:Other ; sh:path ex:p ; sh:maxCount 1 .",
    ),
    Case(
        "target: of a deactivated shape there is none",
        "sh:class ex:C ; sh:deactivated true",
        "ex:a a ex:T . ex:b a ex:T2 .",
        {("ex:b", None, "MinCount")},
        more="bkg-sh:P a sh:NodeShape ; sh:targetClass ex:T2 ; sh:property [ sh:path ex:p ; sh:minCount 1 ] .",
    ),
]

QUERIES = [
    Case(
        "sparql: value and path of the row, else those of the shape",
        select("SELECT $this ?value ?path { $this ?path ?value . FILTER (?path = ex:q && isLiteral(?value)) }"),
        'ex:good a ex:T ; ex:q ex:x . ex:bad a ex:T ; ex:q "text" , 5 . ex:other ex:q 6 .',
        {("ex:bad", "text", "SPARQL"), ("ex:bad", "5", "SPARQL")},
    ),
    Case(
        "sparql: on a node shape the value is the node, several rows are one",
        "sh:sparql [ sh:prefixes <https://w3id.org/bilim/shapes> ; "
        "sh:select 'SELECT $this ?x { $this ex:p ?x . FILTER (?x > 5) }' ]",
        "ex:good a ex:T ; ex:p 5 . ex:bad a ex:T ; ex:p 6 , 7 .",
        {("ex:bad", "ex:bad", "SPARQL")},
    ),
    Case(
        "sparql: $PATH, also a path of several steps",
        select(
            "SELECT $this ?value { $this $PATH ?value . ?other $PATH ?value . FILTER (?other != $this) }",
            "( ex:p ex:q )",
        ),
        "ex:a a ex:T ; ex:p ex:x . ex:x ex:q 1 . ex:b a ex:T ; ex:p ex:y . ex:y ex:q 1 , 2 . ex:c a ex:T ; ex:p ex:z .",
        {("ex:a", "1", "SPARQL"), ("ex:b", "1", "SPARQL")},
    ),
    Case(
        "sparql: $this only in NOT EXISTS, so the targets come first",
        select("SELECT $this { FILTER NOT EXISTS { $this ex:p ?x . ?x a ex:C } }"),
        "ex:c a ex:C . ex:good a ex:T ; ex:p ex:c . ex:bad a ex:T ; ex:p ex:x . ex:none a ex:T .",
        {("ex:bad", None, "SPARQL"), ("ex:none", None, "SPARQL")},
    ),
    Case(
        "sparql: OPTIONAL and BOUND, first thing in the group",
        select("SELECT $this { OPTIONAL { $this ex:p ?x } FILTER (!BOUND(?x)) }"),
        "ex:good a ex:T ; ex:p 1 . ex:bad a ex:T .",
        {("ex:bad", None, "SPARQL")},
    ),
    Case(
        "sparql: UNION whose branches all bind $this",
        select(
            "SELECT $this ?value { { $this ex:p ?value } UNION { $this ex:q ?value . ?value a ex:C } "
            "FILTER (?value != 3) }"
        ),
        "ex:c a ex:C . ex:good a ex:T ; ex:p 3 ; ex:q 4 . ex:bad a ex:T ; ex:p 4 ; ex:q ex:c .",
        {("ex:bad", "4", "SPARQL"), ("ex:bad", "ex:c", "SPARQL")},
    ),
    Case(
        "sparql: $this inside nested NOT EXISTS and in its filters",
        select(
            "SELECT $this ?value { $this ex:p ?value . FILTER NOT EXISTS { ?value ex:back ?who . FILTER (?who = $this) "
            "FILTER NOT EXISTS { ?who ex:q ?n . FILTER (?n > 5) } } }"
        ),
        """ex:good a ex:T ; ex:p ex:x . ex:x ex:back ex:good . ex:bad a ex:T ; ex:p ex:y ; ex:q 9 .
        ex:y ex:back ex:bad .
        ex:lost a ex:T ; ex:p ex:z . ex:z ex:back ex:good .""",
        {("ex:bad", "ex:y", "SPARQL"), ("ex:lost", "ex:z", "SPARQL")},
    ),
    Case(
        "sparql: BIND, IN, REGEX, LANG and arithmetic",
        select(
            "SELECT $this ?value ?n { $this ex:p ?value . BIND (STRLEN(STR(?value)) + 1 AS ?n) "
            'FILTER (?n > 4 && LANG(?value) IN ("en", "ru") && REGEX(STR(?value), "^[a-z]+$")) }'
        ),
        'ex:good a ex:T ; ex:p "abc"@en , "abcd" , "ABCD"@en , "abcd"@kk . ex:bad a ex:T ; ex:p "abcd"@en .',
        {("ex:bad", "abcd", "SPARQL")},
    ),
    Case(
        "sparql: cycles of any length",
        select("SELECT $this { $this ex:p+ $this }"),
        "ex:a a ex:T ; ex:p ex:b . ex:b ex:p ex:a . ex:c a ex:T ; ex:p ex:a . ex:d a ex:T ; ex:p ex:d .",
        {("ex:a", None, "SPARQL"), ("ex:d", None, "SPARQL")},
    ),
    Case(
        "sparql: dates that are compared, and that cannot be",
        select("SELECT $this ?value { $this ex:p ?value ; ex:q ?end . FILTER (?value > ?end) }"),
        """ex:good a ex:T ; ex:p "2020-01-01"^^xsd:date ; ex:q "2021-01-01"^^xsd:date .
        ex:bad a ex:T ; ex:p "2022-01-01"^^xsd:date ; ex:q "2021-01-01"^^xsd:date .""",
        {("ex:bad", "2022-01-01", "SPARQL")},
    ),
    Case(
        "sparql: inside a property shape of a property shape",
        prop(
            "sh:property [ sh:path ex:q ; sh:sparql [ sh:prefixes <https://w3id.org/bilim/shapes> ; "
            "sh:select 'SELECT $this ?value { $this ex:q ?value . FILTER (?value < 0) }' ] ]"
        ),
        "ex:a a ex:T ; ex:p ex:x . ex:x ex:q -1 , 1 . ex:y ex:q -2 .",
        {("ex:x", "-1", "SPARQL")},
    ),
    Case(
        "sparql: a deactivated constraint says nothing",
        prop("sh:sparql [ sh:deactivated true ; sh:select 'SELECT $this { $this ?p ?o }' ]"),
        "ex:a a ex:T ; ex:p 1 .",
        set(),
    ),
]
