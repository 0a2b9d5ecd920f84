"""Cases for each component of SHACL that is compiled, written from the specification (W3C, 20 July 2017).

A case is a shape ``S`` that targets ``ex:T``, data in which every thing is of that class, and exactly the rows that
must come: (focus, value, component), in Turtle's short words. What is in the data and not in the rows conforms.
"""

from __future__ import annotations

from dataclasses import dataclass

Expected = set[tuple[str, str | None, str]]


@dataclass(frozen=True)
class Case:
    """``body`` goes into the shape S; ``more`` stands beside it; ``known``: rows that pySHACL is known not to give."""

    name: str
    body: str
    data: str
    rows: Expected
    more: str = ""
    known: str | None = None
    target: str = "sh:targetClass ex:T"


def prop(constraint: str, path: str = "ex:p") -> str:
    """A property shape in the body."""
    return f"sh:property [ sh:path {path} ; {constraint} ]"


VALUE_TYPES = [
    Case(
        "class: subclasses count, literals never",
        prop("sh:class ex:C"),
        """ex:good a ex:T ; ex:p ex:c , ex:d , _:b . ex:c a ex:C . ex:d a ex:D . _:b a ex:X , ex:C .
        ex:D rdfs:subClassOf ex:M . ex:M rdfs:subClassOf ex:C . ex:X rdfs:subClassOf ex:Y .
        ex:bad a ex:T ; ex:p ex:x , "text" , ex:nothing . ex:x a ex:X .""",
        {("ex:bad", "ex:x", "Class"), ("ex:bad", "text", "Class"), ("ex:bad", "ex:nothing", "Class")},
    ),
    Case(
        "class: several must all hold",
        prop("sh:class ex:C , ex:D"),
        "ex:good a ex:T ; ex:p ex:both . ex:both a ex:C , ex:D . ex:bad a ex:T ; ex:p ex:one . ex:one a ex:C .",
        {("ex:bad", "ex:one", "Class")},
    ),
    Case(
        "datatype: integer, with ill-formed and neighbouring types",
        prop("sh:datatype xsd:integer"),
        """ex:good a ex:T ; ex:p 7 , -3 . ex:none a ex:T .
        ex:bad a ex:T ; ex:p "abc"^^xsd:integer , 1.5 , "9" , ex:x .""",
        {("ex:bad", v, "Datatype") for v in ("abc", "1.5", "9", "ex:x")},
    ),
    Case(
        "datatype: dates that there are not",
        prop("sh:datatype xsd:date"),
        """ex:good a ex:T ; ex:p "2024-02-29"^^xsd:date , "2022-06-11"^^xsd:date .
        ex:bad a ex:T ; ex:p "2023-02-29"^^xsd:date , "24.06.2022"^^xsd:date , "2022"^^xsd:gYear ,
            "2022-06-11T10:00:00"^^xsd:dateTime .""",
        {("ex:bad", v, "Datatype") for v in ("2023-02-29", "24.06.2022", "2022", "2022-06-11T10:00:00")},
    ),
    Case(
        "datatype: dateTime, decimal, boolean ill-formed; SPARQL does not know gYear",
        "sh:property [ sh:path ex:t ; sh:datatype xsd:dateTime ] , [ sh:path ex:d ; sh:datatype xsd:decimal ] , "
        "[ sh:path ex:b ; sh:datatype xsd:boolean ] , [ sh:path ex:y ; sh:datatype xsd:gYear ]",
        """ex:good a ex:T ; ex:t "2022-06-24T10:30:00+06:00"^^xsd:dateTime ; ex:d 0.5 ; ex:b true ;
            ex:y "2022"^^xsd:gYear .
        ex:bad a ex:T ; ex:t "2022-06-24T25:00:00"^^xsd:dateTime ; ex:d "half"^^xsd:decimal ; ex:b "yes"^^xsd:boolean .
        ex:loose a ex:T ; ex:y "22"^^xsd:gYear .""",
        {("ex:bad", v, "Datatype") for v in ("2022-06-24T25:00:00", "half", "yes")},
    ),
    Case(
        "datatype: text with and without language, and a type of nobody's",
        "sh:property [ sh:path ex:s ; sh:datatype xsd:string ] , [ sh:path ex:l ; sh:datatype rdf:langString ] , "
        "[ sh:path ex:e ; sh:datatype edtf:EDTF ]",
        """ex:good a ex:T ; ex:s "KZ" ; ex:l "ат"@kk ; ex:e "2022-06"^^edtf:EDTF , "no date"^^edtf:EDTF .
        ex:bad a ex:T ; ex:s "ат"@kk ; ex:l "KZ" ; ex:e "2022-06" .""",
        {("ex:bad", v, "Datatype") for v in ("ат", "KZ", "2022-06")},
    ),
    *(
        Case(
            f"nodeKind: {kind}",
            prop(f"sh:nodeKind sh:{kind}"),
            'ex:a a ex:T ; ex:p ex:iri , _:blank , "literal" , "тіл"@kk .',
            {("ex:a", v, "NodeKind") for v in wrong},
        )
        for kind, wrong in {
            "IRI": ("blank", "literal", "тіл"),
            "BlankNode": ("ex:iri", "literal", "тіл"),
            "Literal": ("ex:iri", "blank"),
            "BlankNodeOrIRI": ("literal", "тіл"),
            "BlankNodeOrLiteral": ("ex:iri",),
            "IRIOrLiteral": ("blank",),
        }.items()
    ),
]

COUNTS = [
    Case(
        "minCount and maxCount",
        prop("sh:minCount 1 ; sh:maxCount 2"),
        """ex:one a ex:T ; ex:p 1 . ex:two a ex:T ; ex:p 1 , "1" .
        ex:none a ex:T . ex:three a ex:T ; ex:p 1 , "1" , "1"@en .""",
        {("ex:none", None, "MinCount"), ("ex:three", None, "MaxCount")},
    ),
    Case(
        "minCount beyond one, and none",
        "sh:property [ sh:path ex:p ; sh:minCount 3 ] , [ sh:path ex:q ; sh:minCount 0 ; sh:maxCount 0 ]",
        "ex:good a ex:T ; ex:p 1 , 2 , 3 . ex:few a ex:T ; ex:p 1 , 2 . ex:much a ex:T ; ex:p 1 , 2 , 3 ; ex:q 1 .",
        {("ex:few", None, "MinCount"), ("ex:much", None, "MaxCount")},
    ),
    Case(
        "values are counted once, whatever leads to them",
        prop("sh:maxCount 1", "[ sh:alternativePath ( ex:p ex:q ) ]"),
        "ex:same a ex:T ; ex:p ex:x ; ex:q ex:x . ex:two a ex:T ; ex:p ex:x ; ex:q ex:y .",
        {("ex:two", None, "MaxCount")},
    ),
]

RANGES = [
    Case(
        "ranges of numbers, across integer and decimal",
        "sh:property [ sh:path ex:in ; sh:minInclusive 1 ; sh:maxInclusive 5 ] , "
        "[ sh:path ex:ex ; sh:minExclusive 1 ; sh:maxExclusive 5 ]",
        """ex:good a ex:T ; ex:in 1 , 5 , 2.5 ; ex:ex 1.5 , 4 .
        ex:bad a ex:T ; ex:in 0.9 , 6 ; ex:ex 1 , 5.5 .""",
        {
            ("ex:bad", "0.9", "MinInclusive"),
            ("ex:bad", "6", "MaxInclusive"),
            ("ex:bad", "1", "MinExclusive"),
            ("ex:bad", "5.5", "MaxExclusive"),
        },
    ),
    Case(
        "ranges of dates; what cannot be compared breaks them",
        prop('sh:minInclusive "2020-01-01"^^xsd:date'),
        """ex:good a ex:T ; ex:p "2020-01-01"^^xsd:date , "2024-12-31"^^xsd:date .
        ex:bad a ex:T ; ex:p "2019-12-31"^^xsd:date , "2020-05-05" , ex:x , "soon"^^xsd:date , _:b .""",
        {("ex:bad", v, "MinInclusive") for v in ("2019-12-31", "2020-05-05", "ex:x", "soon", "b")},
    ),
    Case(
        "ranges of text",
        prop('sh:maxExclusive "m"'),
        'ex:good a ex:T ; ex:p "abc" . ex:bad a ex:T ; ex:p "zebra" , 3 .',
        {("ex:bad", "zebra", "MaxExclusive"), ("ex:bad", "3", "MaxExclusive")},
    ),
]

STRINGS = [
    Case(
        "lengths are in code points, of IRIs too, and blank nodes have none",
        prop("sh:minLength 3 ; sh:maxLength 20"),
        """ex:good a ex:T ; ex:p "ғылым" , "👍👍👍" , 123 , "abc"@en .
        ex:bad a ex:T ; ex:p "ат" , _:b , <https://example.org/much/too/long> .""",
        {
            ("ex:bad", "ат", "MinLength"),
            ("ex:bad", "b", "MinLength"),
            ("ex:bad", "b", "MaxLength"),
            ("ex:bad", "https://example.org/much/too/long", "MaxLength"),
        },
    ),
    Case(
        "pattern: anchored, of text and IRIs, never of blank nodes",
        prop('sh:pattern "^[A-Z]{2}-[0-9]+$"'),
        """ex:good a ex:T ; ex:p "KZ-10" , "KZ-10"@en . ex:bad a ex:T ; ex:p "kz-10" , "KZ-10 " , _:b , ex:x .""",
        {("ex:bad", v, "Pattern") for v in ("kz-10", "KZ-10 ", "b", "ex:x")},
    ),
    Case(
        "pattern: flags, look-ahead, classes and line ends",
        'sh:property [ sh:path ex:i ; sh:pattern "^minister" ; sh:flags "i" ] , '
        '[ sh:path ex:a ; sh:pattern "^(?!old ).*$" ] , [ sh:path ex:d ; sh:pattern "^\\\\d+$" ] , '
        '[ sh:path ex:n ; sh:pattern "end$" ]',
        """ex:good a ex:T ; ex:i "Minister of Education" ; ex:a "new name" ; ex:d "42" ; ex:n "the end" , "the end\\n" .
        ex:bad a ex:T ; ex:i "the minister" ; ex:a "old name" ; ex:d "4 2" ; ex:n "the end\\n\\n" .""",
        {("ex:bad", v, "Pattern") for v in ("the minister", "old name", "4 2", "the end\n\n")},
    ),
    Case(
        "languageIn: ranges match more exact tags, in any case",
        prop('sh:languageIn ( "kk" "en" )'),
        """ex:good a ex:T ; ex:p "ат"@kk , "name"@en-GB , "name"@EN .
        ex:bad a ex:T ; ex:p "имя"@ru , "none" , 5 , ex:x .""",
        {("ex:bad", v, "LanguageIn") for v in ("имя", "none", "5", "ex:x")},
    ),
    Case(
        "languageIn: an exact tag is not its primary language",
        prop('sh:languageIn ( "en-GB" )'),
        'ex:good a ex:T ; ex:p "name"@en-GB . ex:bad a ex:T ; ex:p "name"@en .',
        {("ex:bad", "name", "LanguageIn")},
    ),
    Case(
        "uniqueLang: one row for a focus, tags in any case, texts without tag do not count",
        "sh:property [ sh:path ex:p ; sh:uniqueLang true ] , [ sh:path ex:q ; sh:uniqueLang false ]",
        """ex:good a ex:T ; ex:p "a"@en , "b"@ru , "c" , "d" , 1 , 2 ; ex:q "a"@en , "b"@en .
        ex:bad a ex:T ; ex:p "a"@en , "b"@EN , "в"@ru , "г"@ru .""",
        {("ex:bad", None, "UniqueLang")},
    ),
]

PAIRS = [
    Case(
        "equals: both sides are told",
        prop("sh:equals ex:q"),
        'ex:good a ex:T ; ex:p 1 , "a" ; ex:q 1 , "a" . ex:bad a ex:T ; ex:p 1 , "x" ; ex:q 1 , "x"@en .',
        {("ex:bad", "x", "Equals")},
    ),
    Case(
        "disjoint: terms, not values",
        prop("sh:disjoint ex:q"),
        'ex:good a ex:T ; ex:p 1 , "a" ; ex:q "1"^^xsd:decimal , "a"@en . '
        "ex:bad a ex:T ; ex:p 1 , ex:x ; ex:q ex:x , 2 .",
        {("ex:bad", "ex:x", "Disjoint")},
    ),
    Case(
        "lessThan: each value with each",
        prop("sh:lessThan ex:q"),
        "ex:good a ex:T ; ex:p 1 , 2 ; ex:q 2.5 , 3 . ex:none a ex:T ; ex:p 9 . "
        "ex:bad a ex:T ; ex:p 1 , 3 ; ex:q 2 , 3 .",
        {("ex:bad", "3", "LessThan")},
    ),
    Case(
        "lessThanOrEquals: dates and text",
        prop("sh:lessThanOrEquals ex:q"),
        """ex:good a ex:T ; ex:p "2022-01-01"^^xsd:date ; ex:q "2022-01-01"^^xsd:date .
        ex:words a ex:T ; ex:p "a" ; ex:q "b" .
        ex:bad a ex:T ; ex:p "2022-01-02"^^xsd:date ; ex:q "2022-01-01"^^xsd:date .""",
        {("ex:bad", "2022-01-02", "LessThanOrEquals")},
    ),
    Case(
        "lessThan: what cannot be compared breaks it",
        prop("sh:lessThan ex:q"),
        'ex:bad a ex:T ; ex:p "2022-01-01"^^xsd:date ; ex:q 5 . ex:good a ex:T ; ex:p 1 ; ex:q 2 .',
        {("ex:bad", "2022-01-01", "LessThan")},
        known="less-than-across-datatypes",
    ),
]

LOGIC = [
    Case(
        "not, and, or of value types",
        "sh:property [ sh:path ex:n ; sh:not [ sh:class ex:C ] ] , "
        "[ sh:path ex:a ; sh:and ( [ sh:datatype xsd:string ] [ sh:minLength 3 ] ) ] , "
        "[ sh:path ex:o ; sh:or ( [ sh:class ex:C ] [ sh:datatype rdf:langString ] ) ]",
        """ex:c a ex:C . ex:good a ex:T ; ex:n ex:x , "c" ; ex:a "abc" ; ex:o ex:c , "ат"@kk .
        ex:bad a ex:T ; ex:n ex:c ; ex:a "ab" , 1234 ; ex:o ex:x , "plain" .""",
        {
            ("ex:bad", "ex:c", "Not"),
            ("ex:bad", "ab", "And"),
            ("ex:bad", "1234", "And"),
            ("ex:bad", "ex:x", "Or"),
            ("ex:bad", "plain", "Or"),
        },
    ),
    Case(
        "xone on a node shape, with nested property shapes",
        "sh:xone ( [ sh:property [ sh:path ex:full ; sh:minCount 1 ] ] "
        "[ sh:property [ sh:path ex:first ; sh:minCount 1 ] ; sh:property [ sh:path ex:last ; sh:minCount 1 ] ] )",
        """ex:one a ex:T ; ex:full "A B" . ex:two a ex:T ; ex:first "A" ; ex:last "B" .
        ex:both a ex:T ; ex:full "A B" ; ex:first "A" ; ex:last "B" . ex:none a ex:T ; ex:first "A" .""",
        {("ex:both", "ex:both", "Xone"), ("ex:none", "ex:none", "Xone")},
    ),
    Case(
        "node: conformance however deep",
        prop("sh:node bkg-sh:Deep"),
        """ex:good a ex:T ; ex:p ex:x . ex:x ex:q ex:y . ex:y a ex:C . ex:bad a ex:T ; ex:p ex:z , "text" .
        ex:z ex:q ex:y , ex:w .""",
        {("ex:bad", "ex:z", "Node"), ("ex:bad", "text", "Node")},
        more="bkg-sh:Deep a sh:NodeShape ; sh:property [ sh:path ex:q ; sh:minCount 1 ; sh:node [ sh:class ex:C ] ] .",
    ),
    Case(
        "property inside property: the focus is the value",
        prop("sh:property [ sh:path ex:q ; sh:maxCount 1 ; sh:datatype xsd:string ]"),
        """ex:good a ex:T ; ex:p ex:x . ex:x ex:q "a" . ex:bad a ex:T ; ex:p ex:y . ex:y ex:q "a" , 5 .
        ex:other ex:p ex:z . ex:z ex:q 1 , 2 .""",
        {("ex:y", None, "MaxCount"), ("ex:y", "5", "Datatype")},
    ),
    Case(
        "nested counts, closed, pairs and values",
        prop(
            "sh:node [ sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path ex:q ; "
            "sh:minCount 2 ; sh:maxCount 2 ; sh:hasValue 1 ; sh:in ( 1 2 3 ) ; sh:uniqueLang true ] , "
            "[ sh:path ex:r ; sh:lessThan ex:q ] ]"
        ),
        """ex:good a ex:T ; ex:p ex:ok . ex:ok a ex:C ; ex:q 1 , 2 ; ex:r 0 .
        ex:bad a ex:T ; ex:p ex:a , ex:b , ex:c , ex:d , ex:e . ex:a ex:q 1 . ex:b ex:q 1 , 2 , 3 . ex:c ex:q 2 , 3 .
        ex:d ex:q 1 , 2 ; ex:s 1 . ex:e ex:q 1 , 2 ; ex:r 1 .""",
        {("ex:bad", f"ex:{x}", "Node") for x in "abcde"},
    ),
    Case(
        "a deactivated shape is true of everything",
        "sh:node bkg-sh:Off ; sh:property [ sh:path ex:p ; sh:minCount 1 ; sh:deactivated true ] ; "
        "sh:not [ sh:class ex:C ; sh:deactivated true ]",
        "ex:a a ex:T .",
        {("ex:a", "ex:a", "Not")},
        more="bkg-sh:Off a sh:NodeShape ; sh:deactivated true ; sh:class ex:Nothing .",
    ),
    Case(
        "qualified counts",
        prop("sh:qualifiedValueShape [ sh:class ex:C ] ; sh:qualifiedMinCount 1 ; sh:qualifiedMaxCount 2"),
        """ex:c1 a ex:C . ex:c2 a ex:C . ex:c3 a ex:C . ex:good a ex:T ; ex:p ex:c1 , ex:x , ex:y , ex:z .
        ex:none a ex:T ; ex:p ex:x . ex:all a ex:T ; ex:p ex:c1 , ex:c2 , ex:c3 . ex:empty a ex:T .""",
        {
            ("ex:none", None, "QualifiedMinCount"),
            ("ex:empty", None, "QualifiedMinCount"),
            ("ex:all", None, "QualifiedMaxCount"),
        },
    ),
    Case(
        "qualified counts with disjoint siblings, and in a nested shape",
        "sh:property bkg-sh:thumb , bkg-sh:finger ; sh:node [ sh:property [ sh:path ex:p ; sh:qualifiedValueShape "
        "[ sh:class ex:Any ] ; sh:qualifiedMinCount 2 ] ]",
        """ex:t a ex:Thumb , ex:Any . ex:f a ex:Finger , ex:Any . ex:tf a ex:Thumb , ex:Finger , ex:Any .
        ex:good a ex:T ; ex:p ex:t , ex:f . ex:bad a ex:T ; ex:p ex:tf , ex:f .""",
        {("ex:bad", None, "QualifiedMinCount")},
        more="bkg-sh:thumb sh:path ex:p ; sh:qualifiedValueShapesDisjoint true ; sh:qualifiedMinCount 1 ; "
        "sh:qualifiedValueShape bkg-sh:isThumb . bkg-sh:finger sh:path ex:p ; sh:qualifiedValueShapesDisjoint true ; "
        "sh:qualifiedMinCount 1 ; sh:qualifiedValueShape bkg-sh:isFinger . bkg-sh:isThumb a sh:NodeShape ; "
        "sh:class ex:Thumb . bkg-sh:isFinger a sh:NodeShape ; sh:class ex:Finger .",
    ),
]

OTHERS = [
    Case(
        "closed: each triple that is refused, with its predicate as path",
        "sh:closed true ; sh:ignoredProperties ( rdf:type ex:i ) ; sh:property [ sh:path ex:p ]",
        'ex:good a ex:T ; ex:p 1 ; ex:i 2 . ex:bad a ex:T ; ex:p 1 ; ex:q 5 , "six" ; ex:r ex:x .',
        {("ex:bad", "5", "Closed"), ("ex:bad", "six", "Closed"), ("ex:bad", "ex:x", "Closed")},
    ),
    Case(
        "closed: false closes nothing, rdf:type is no exception by itself",
        "sh:node bkg-sh:Open ; sh:closed true",
        "ex:bad a ex:T .",
        {("ex:bad", "ex:T", "Closed")},
        more="bkg-sh:Open a sh:NodeShape ; sh:closed false .",
    ),
    Case(
        "hasValue: a term, at a path and of the node itself",
        "sh:property [ sh:path ex:p ; sh:hasValue ex:x , 'a'@en ] ; sh:hasValue ex:good",
        "ex:good a ex:T ; ex:p ex:x , 'a'@en , 3 . ex:bad a ex:T ; ex:p ex:x , 'a' .",
        {("ex:bad", None, "HasValue"), ("ex:bad", None, "HasValue")},
    ),
    Case(
        "in: terms, not values",
        prop('sh:in ( ex:x "a" "b"@en 3 )'),
        'ex:good a ex:T ; ex:p ex:x , "a" , "b"@en , 3 . '
        'ex:bad a ex:T ; ex:p ex:y , "a"@en , "b" , "3"^^xsd:decimal , _:b .',
        {("ex:bad", v, "In") for v in ("ex:y", "a", "b", "3")},
    ),
]

DIFFERENCES = [
    Case(
        "languageIn: a tag longer than its range",
        prop('sh:languageIn ( "en-GB" )'),
        'ex:a a ex:T ; ex:p "name"@en-GB-oed .',
        set(),
        known="language-range",
    ),
    Case(
        "ranges of times with a zone and without",
        prop('sh:minInclusive "2020-01-01T00:00:00"^^xsd:dateTime'),
        'ex:a a ex:T ; ex:p "2022-01-01T00:00:00Z"^^xsd:dateTime .',
        set(),
        known="time-without-zone",
    ),
    *(
        Case(
            f"sparql: {one} {mark} {two}",
            "sh:property [ sh:path ex:p ; sh:sparql [ sh:prefixes <https://w3id.org/bilim/shapes> ; sh:select "
            f"'SELECT $this ?value {{ $this ex:p ?value ; ex:q ?end . FILTER (?value {mark} ?end) }}' ] ] , "
            "[ sh:path ex:q ; sh:datatype xsd:date ]",
            f"ex:a a ex:T ; ex:p {one} ; ex:q {two} .",
            {("ex:a", wrong, "Datatype")} | ({("ex:a", "2022", "SPARQL")} if known == "sparql-years" else set()),
            known=known,
        )
        for one, mark, two, wrong, known in (
            ('"2022-01-01"^^xsd:date', "<", '"2021"', "2021", "sparql-across-datatypes"),
            ('"2022-01-01"^^xsd:date', "<=", "5", "5", "sparql-across-datatypes"),
            ('"2022"^^edtf:EDTF', "!=", '"2021"', "2021", "sparql-across-datatypes"),
            ('"2022"^^xsd:gYear', ">", '"2021"^^xsd:gYear', "2021", "sparql-years"),
        )
    ),
]
