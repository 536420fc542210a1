//! What people call things: headers in several languages, words for document types, words for nothing and for totals.
//!
//! Headers are compared without case, accents and punctuation (see [`plain`]). Of the names of a column the surer come first.

/// Canonical column → names of it, in English, German, French, Spanish, Italian, Dutch and some others.
pub const HEADERS: &[(&str, &[&str])] = &[
    (
        "document_id",
        &[
            "invoice number", "invoice no", "invoice nr", "invoice id", "document number", "document no", "document id", "doc id", "doc no",
            "doc number", "inv no", "inv number", "bill number", "rechnungsnummer", "rechnungsnr", "rechnung nr", "rg nr", "re nr",
            "belegnummer", "beleg nr", "belegnr", "numero facture", "numero de facture", "no facture", "n facture", "num facture",
            "numero piece", "numero de piece", "n piece", "numero factura", "numero de factura", "n factura", "num factura", "no factura",
            "numero fattura", "n fattura", "num fattura", "numero documento", "n documento", "num documento", "factuurnummer", "factuurnr",
            "fakturanummer", "fakturanr", "faktura nr", "numer faktury", "transaction number", "invoice", "rechnung", "beleg", "facture",
            "factura", "fattura", "factuur", "faktura", "document", "documento", "piece", "number", "nummer", "numero",
        ],
    ),
    (
        "customer_id",
        &[
            "customer id", "customer number", "customer no", "customer nr", "cust number", "cust no", "cust id", "customer code",
            "customer account", "client id", "client number", "client no", "client code", "debtor number", "debtor no", "debtor id",
            "kundennummer", "kundennr", "kunden nr", "kunde nr", "kd nr", "kdnr", "debitorennummer", "debitorennr", "debitornr", "debitor nr",
            "numero client", "code client", "no client", "n client", "compte client", "codigo cliente", "codigo de cliente", "cod cliente",
            "n cliente", "id cliente", "numero cliente", "codice cliente", "cliente codice", "klantnummer", "klantnr", "klant nr",
            "debiteurnummer", "debiteurnr", "kundnummer", "kundnr", "bill to", "sold to", "payer", "customer", "client", "debtor", "debitor",
            "kunde", "cliente", "klant", "debiteur", "kund", "account number", "account no", "konto", "account", "partner", "contact",
        ],
    ),
    (
        "name",
        &[
            "customer name", "name customer", "cust name", "client name", "debtor name", "company name", "kundenname", "name 1", "name1",
            "kunde name", "nom client", "nom du client", "raison sociale", "nombre cliente", "nombre del cliente", "razon social",
            "ragione sociale", "nome cliente", "denominazione", "klantnaam", "naam klant", "kundnamn", "contact name", "firma", "name",
            "nom", "nombre", "naam",
        ],
    ),
    (
        "document_type",
        &[
            "document type", "doc type", "transaction type", "invoice type", "belegart", "vorgangsart", "type de piece", "type document",
            "type de document", "tipo documento", "tipo de documento", "documentsoort", "soort document", "typ", "type", "art", "tipo",
            "soort", "vorgang",
        ],
    ),
    (
        "document_date",
        &[
            "invoice date", "document date", "doc date", "issue date", "date issued", "bill date", "billing date", "rechnungsdatum",
            "belegdatum", "re datum", "rg datum", "ausstellungsdatum", "date facture", "date de facture", "date de facturation",
            "date facturation", "date d emission", "date emission", "date piece", "date de piece", "fecha factura", "fecha de factura",
            "fecha emision", "fecha de emision", "fecha documento", "data fattura", "data documento", "data emissione", "factuurdatum",
            "fakturadatum", "data wystawienia", "transaction date", "posting date", "buchungsdatum", "date comptable", "boekdatum",
            "fecha contabilizacion", "data registrazione", "date", "datum", "fecha", "data", "issued",
        ],
    ),
    (
        "due_date",
        &[
            "due date", "due in date", "net due date", "payment due date", "payment due", "due by", "due on", "maturity date",
            "falligkeitsdatum", "faelligkeitsdatum", "nettofalligkeit", "falligkeit", "faelligkeit", "fallig am", "faellig am", "zahlbar bis",
            "fallig", "date d echeance", "date echeance", "echeance", "fecha de vencimiento", "fecha vencimiento", "vencimiento",
            "data scadenza", "scadenza", "vervaldatum", "vervaldag", "forfallodatum", "forfallsdato", "termin platnosci", "due",
        ],
    ),
    (
        "amount",
        &[
            "invoice amount", "document amount", "doc amount", "original amount", "gross amount", "total amount", "invoice total",
            "invoice value", "rechnungsbetrag", "bruttobetrag", "gesamtbetrag", "betrag brutto", "belegbetrag", "montant ttc", "total ttc",
            "montant facture", "importe total", "importe factura", "total factura", "importo totale", "totale fattura", "totale documento",
            "importo documento", "factuurbedrag", "totaalbedrag", "bedrag incl btw", "amount in document currency", "betrag", "amount",
            "montant", "importe", "importo", "bedrag", "belopp", "belop", "kwota", "brutto", "total", "totale", "ttc", "gross", "value",
            "summe", "sum", "umsatz",
        ],
    ),
    (
        "currency",
        &[
            "currency", "currency code", "invoice currency", "document currency", "doc currency", "wahrung", "waehrung", "wahrungsschlussel",
            "wkz", "devise", "code devise", "monnaie", "moneda", "divisa", "valuta", "curr", "ccy", "cur",
        ],
    ),
    (
        "paid_date",
        &[
            "paid date", "payment date", "date paid", "settled date", "settlement date", "clear date", "clearing date", "paid on",
            "fully paid date", "bezahlt am", "zahldatum", "zahlungsdatum", "zahlungseingang", "ausgleichsdatum", "date de paiement",
            "date paiement", "date de reglement", "date reglement", "paye le", "regle le", "fecha de pago", "fecha pago", "fecha de cobro",
            "fecha cobro", "data pagamento", "data incasso", "betaald op", "betaaldatum", "betalingsdatum", "last payment date",
            "receipt date", "closed date",
        ],
    ),
    (
        "paid_amount",
        &[
            "paid amount", "amount paid", "payment amount", "settled amount", "received amount", "amount received", "bezahlter betrag",
            "zahlbetrag", "gezahlter betrag", "montant paye", "montant regle", "importe pagado", "importe cobrado", "importo pagato",
            "importo incassato", "betaald bedrag", "bezahlt", "gezahlt", "paye", "regle", "pagado", "cobrado", "pagato", "incassato",
            "betaald", "paid",
        ],
    ),
    (
        "item_no",
        &[
            "item no", "item number", "line no", "line number", "line item", "installment", "instalment", "installment number",
            "buchungszeile", "position", "pos nr", "numero ligne", "rate nr", "regelnummer", "item", "line", "pos", "ligne", "riga", "linea",
        ],
    ),
    (
        "company_id",
        &[
            "company code", "company id", "business code", "legal entity", "entity", "subsidiary", "buchungskreis", "mandant", "bukrs",
            "code societe", "societe", "sociedad", "codice azienda", "societa", "azienda", "bedrijf", "business unit", "company",
        ],
    ),
    ("country", &["country", "country code", "customer country", "land", "landercode", "pays", "code pays", "pais", "paese"]),
    ("region", &["region", "sales region", "gebiet", "vertriebsgebiet", "regio", "regione"]),
    ("industry", &["industry", "branche", "sector", "secteur", "settore"]),
    ("segment", &["segment", "customer segment", "customer group", "kundengruppe", "groupe client", "klantgroep"]),
    (
        "account_manager",
        &[
            "account manager", "sales rep", "salesperson", "sales person", "sales representative", "kundenbetreuer", "betreuer", "vertreter",
            "commercial", "vendedor", "agente", "verkoper",
        ],
    ),
    (
        "terms",
        &[
            "payment terms", "payment term", "cust payment terms", "terms", "zahlungsbedingungen", "zahlungsbedingung", "zahlungsziel",
            "conditions de paiement", "condition de paiement", "condiciones de pago", "condizioni di pagamento", "betalingsconditie",
            "betalingstermijn",
        ],
    ),
    (
        "payment_method",
        &[
            "payment method", "zahlweg", "zahlart", "zahlungsart", "mode de paiement", "mode de reglement", "mode reglement", "forma de pago",
            "metodo di pagamento", "modalita di pagamento", "modalita pagamento", "betaalwijze", "betaalmethode",
        ],
    ),
    ("reason", &["reason", "buchungstext", "libelle", "omschrijving", "beschreibung", "description", "descripcion", "descrizione", "memo"]),
    (
        "reference",
        &[
            "reference", "customer reference", "your reference", "po number", "purchase order", "bestellnummer", "referenz", "zuordnung",
            "reference client", "referencia", "riferimento", "referentie", "ref",
        ],
    ),
    ("delivery_date", &["delivery date", "lieferdatum", "leistungsdatum", "date de livraison", "fecha de entrega", "data consegna", "leverdatum"]),
    ("discount_date", &["discount date", "skontodatum", "skonto bis", "skontofrist", "date d escompte"]),
    ("discount_percent", &["discount percent", "discount rate", "skonto prozent", "skontosatz", "skonto"]),
    ("base_amount", &["base amount", "amount in local currency", "local amount", "betrag in hauswahrung", "betrag hauswahrung"]),
    ("credit_limit", &["credit limit", "kreditlimit", "limite de credit", "limite credito", "kredietlimiet", "fido"]),
    ("is_intercompany", &["is intercompany", "intercompany"]),
    ("applies_to", &["applies to", "applied to", "applies to doc", "applies to document", "settles", "rechnungsbezug", "gleicht aus"]),
    ("applied_date", &["applied date", "application date"]),
    ("applied_amount", &["applied amount"]),
    ("clearing_id", &["clearing document", "clearing doc", "clearing number", "ausgleichsbeleg", "ausgl beleg", "piece de rapprochement"]),
    (OPEN_AMOUNT, OPEN_AMOUNT_NAMES),
];

/// Not a column of the ledger: what is still open of an invoice. It says something only where the amount is missing.
pub const OPEN_AMOUNT: &str = "open amount";
const OPEN_AMOUNT_NAMES: &[&str] = &[
    "open amount", "amount open", "outstanding amount", "outstanding", "balance due", "amount due", "balance", "remaining amount",
    "offener betrag", "offen", "restbetrag", "solde", "restant du", "reste a payer", "saldo", "importe pendiente", "pendiente", "residuo",
    "importo residuo", "openstaand", "openstaand bedrag",
];

/// Names so common that they count only when they are the whole header.
pub const TOO_COMMON: &[&str] = &[
    "number", "nummer", "numero", "date", "datum", "fecha", "data", "type", "typ", "tipo", "art", "name", "nom", "nombre", "naam", "due",
    "total", "sum", "summe", "value", "gross", "paid", "account", "konto", "contact", "partner", "pos", "item", "line", "ref", "cur", "land",
    "piece", "document", "documento", "company", "issued", "position", "region", "sector", "entity", "memo", "balance", "saldo", "solde",
    "customer", "client", "cliente", "kunde", "invoice", "rechnung", "facture", "factura", "fattura", "factuur", "beleg", "terms", "payer",
    "reason", "reference", "description", "commercial", "firma", "soort", "brutto", "ttc", "bezahlt", "settles", "segment", "fallig",
];

/// Words of exports → type of the ledger, compared like headers.
pub const TYPES: &[(&str, &[&str])] = &[
    (
        "invoice",
        &[
            "invoice", "inv", "in", "sales invoice", "rechnung", "re", "rg", "ar", "facture", "fac", "fa", "factura", "fattura", "factuur",
            "faktura", "ri", "rv", "dr", "i", "bill", "standard invoice", "accrec", "out invoice",
        ],
    ),
    (
        "credit_note",
        &[
            "credit note", "credit memo", "creditmemo", "credit", "cn", "cm", "c", "gutschrift", "gs", "gu", "avoir", "av", "nota de credito",
            "nota de abono", "abono", "nota di credito", "nc", "creditnota", "creditfactuur", "kreditnota", "dg", "storno", "rg storno",
            "accreccredit", "out refund", "rechnungskorrektur",
        ],
    ),
    ("debit_note", &["debit note", "debit memo", "dm", "dn", "lastschrift", "belastung", "note de debit", "nota de cargo", "nota di debito", "debetnota"]),
    (
        "receipt",
        &[
            "receipt", "payment", "pmt", "pymt", "rct", "p", "dz", "zahlung", "zahlungseingang", "ze", "paiement", "reglement", "encaissement",
            "pago", "cobro", "pagamento", "incasso", "betaling", "ontvangst", "inbetalning", "cash receipt", "customer payment", "remittance",
        ],
    ),
    ("write_off", &["write off", "writeoff", "bad debt", "ausbuchung", "abschreibung", "perte", "creance irrecouvrable", "incobrable", "perdita", "afboeking"]),
    ("discount", &["discount", "cash discount", "skonto", "escompte", "descuento", "sconto", "korting"]),
    ("refund", &["refund", "customer refund", "erstattung", "ruckzahlung", "remboursement", "reembolso", "rimborso", "terugbetaling"]),
    ("receipt_reversal", &["payment reversal", "receipt reversal", "returned payment", "chargeback", "ruckl astschrift", "rucklastschrift", "nsf", "impaye", "insoluto", "stornering"]),
];

/// Texts that mean that there is nothing.
pub const NOTHING: &[&str] = &[
    "-", "--", "n/a", "na", "#n/a", "null", "none", "nil", "nan", "(null)", "(blank)", "(empty)", "?", "00.00.0000", "00/00/0000", "0000-00-00",
    "00000000", "0000-00-00 00:00:00", "0000/00/00", "open", "offen", "unpaid", "not paid", "tbd",
];

/// First words of rows that sum others up.
pub const TOTALS: &[&str] = &[
    "total", "totals", "grand total", "subtotal", "sub total", "sub-total", "sum", "summe", "gesamt", "gesamtsumme", "zwischensumme", "totale",
    "totaux", "sous-total", "suma", "totaal", "subtotaal", "report total", "ergebnis",
];

/// Marks beside amounts that are no ISO code, and the currency they mean where they mean one only.
pub const MARKS: &[(&str, Option<&str>)] = &[
    ("€", Some("EUR")), ("$", None), ("£", Some("GBP")), ("¥", None), ("₹", Some("INR")), ("US$", Some("USD")), ("A$", Some("AUD")),
    ("C$", Some("CAD")), ("R$", Some("BRL")), ("kr", None), ("kr.", None), ("zł", Some("PLN")), ("Kč", Some("CZK")), ("Ft", Some("HUF")),
    ("CHF", Some("CHF")), ("Fr.", Some("CHF")), ("₺", Some("TRY")), ("₽", Some("RUB")), ("₦", Some("NGN")), ("R", Some("ZAR")),
];

/// A header or word as it is compared: small letters without accents, words of letters and digits with one blank between.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for letter in text.chars() {
        // camelCase has words too.
        if letter.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            out.push(' ');
        }
        before = letter;
        match letter {
            'ß' => out.push_str("ss"),
            'æ' | 'Æ' => out.push_str("ae"),
            'œ' | 'Œ' => out.push_str("oe"),
            'ł' | 'Ł' => out.push('l'),
            '#' => out.push_str(" no "),
            _ if letter.is_alphanumeric() => out.extend(letter.to_lowercase().map(without_accent)),
            _ => out.push(' '),
        }
    }
    out.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn without_accent(letter: char) -> char {
    match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' => 'a',
        'ç' | 'č' | 'ć' => 'c',
        'è' | 'é' | 'ê' | 'ë' | 'ę' | 'ě' => 'e',
        'ì' | 'í' | 'î' | 'ï' => 'i',
        'ñ' | 'ń' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' => 'o',
        'ù' | 'ú' | 'û' | 'ü' => 'u',
        'ś' | 'š' => 's',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        'º' | '°' => ' ',
        other => other,
    }
}

/// How surely a header names a column: nothing, or more the surer.
pub fn header_score(header: &str, names: &[&str]) -> u32 {
    let header = plain(header);
    let compact: String = header.split(' ').collect();
    if compact.is_empty() {
        return 0;
    }
    let place = |at: usize| u32::try_from(at).unwrap_or(100).min(100);
    if let Some(at) = names.iter().position(|name| name.split(' ').collect::<String>() == compact) {
        return 1000 - place(at);
    }
    let tokens: Vec<&str> = header.split(' ').collect();
    let within = names.iter().enumerate().filter(|(_, name)| !TOO_COMMON.contains(name)).filter_map(|(at, name)| {
        let wanted: Vec<&str> = name.split(' ').collect();
        let found = tokens.windows(wanted.len()).any(|window| window == wanted.as_slice());
        let extra = u32::try_from(tokens.len() - wanted.len().min(tokens.len())).unwrap_or(0);
        found.then(|| (500 - place(at)).saturating_sub(40 * extra))
    });
    within.max().unwrap_or(0)
}

/// The document type that a word of an export means.
pub fn type_of(word: &str) -> Option<&'static str> {
    let word = plain(word);
    let compact: String = word.split(' ').collect();
    let spelled = |name: &&str| name.split(' ').collect::<String>() == compact;
    TYPES.iter().find(|(canonical, names)| canonical.replace('_', "") == compact || names.iter().any(spelled)).map(|(canonical, _)| *canonical)
}

/// Whether a text means that there is nothing.
pub fn is_nothing(text: &str) -> bool {
    let lower = text.to_lowercase();
    NOTHING.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn best(header: &str) -> Option<&'static str> {
        let scored = HEADERS.iter().map(|(column, names)| (header_score(header, names), *column));
        scored.max_by_key(|(score, _)| *score).filter(|(score, _)| *score > 0).map(|(_, column)| column)
    }

    #[test]
    fn headers_of_many_languages_are_understood() {
        let table = [
            ("Invoice No.", "document_id"), ("invoiceNumber", "document_id"), ("INVOICE_ID", "document_id"), ("Rechnungs-Nr.", "document_id"),
            ("N° facture", "document_id"), ("Número de factura", "document_id"), ("Factuurnummer", "document_id"), ("Rg-Nr", "document_id"),
            ("Numero fattura", "document_id"), ("doc_id", "document_id"), ("Kunden-Nr.", "customer_id"), ("Code client", "customer_id"),
            ("cust_number", "customer_id"), ("customerID", "customer_id"), ("Klantnr", "customer_id"), ("name_customer", "name"),
            ("Raison sociale", "name"), ("Fälligkeitsdatum", "due_date"), ("fällig am", "due_date"), ("Date d'échéance", "due_date"),
            ("Fecha de vencimiento", "due_date"), ("Data scadenza", "due_date"), ("due_in_date", "due_date"), ("DueDate", "due_date"),
            ("Rechnungsdatum", "document_date"), ("Date de facture", "document_date"), ("posting_date", "document_date"),
            ("Betrag (EUR)", "amount"), ("Montant TTC", "amount"), ("Importe", "amount"), ("InvoiceAmount", "amount"), ("Währung", "currency"),
            ("Devise", "currency"), ("SettledDate", "paid_date"), ("clear_date", "paid_date"), ("bezahlt am", "paid_date"),
            ("Montant payé", "paid_amount"), ("business_code", "company_id"), ("countryCode", "country"), ("Belegart", "document_type"),
            ("Offener Betrag", OPEN_AMOUNT),
        ];
        for (header, column) in table {
            assert_eq!(best(header), Some(column), "{header}");
        }
        for header in ["DaysLate", "PaperlessDate", "buisness_year", "baseline_create_date", "", "Disputed", "foo"] {
            assert_eq!(best(header), None, "{header}");
        }
    }

    #[test]
    fn words_of_types_are_understood_or_left_to_people() {
        for (word, meant) in [
            ("Rechnung", Some("invoice")), ("RV", Some("invoice")), ("Gutschrift", Some("credit_note")), ("Credit Memo", Some("credit_note")),
            ("Avoir", Some("credit_note")), ("Payment", Some("receipt")), ("write_off", Some("write_off")), ("receipt_reversal", Some("receipt_reversal")),
            ("Mystery", None), ("", None),
        ] {
            assert_eq!(type_of(word), meant, "{word}");
        }
    }

    #[test]
    fn no_name_stands_for_two_columns() {
        let mut seen = std::collections::BTreeMap::new();
        for (column, names) in HEADERS {
            for name in *names {
                assert_eq!(plain(name), *name, "names are written as they are compared");
                let before = seen.insert(*name, *column);
                assert_eq!(before, None, "{name} is {column} already");
            }
        }
    }
}
