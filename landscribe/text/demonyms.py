"""Which place an English adjective names (Russian, Texan), and which words are its people.

Corpora of news mark the adjective as a place (the Russian ambassador), but not the people (the
Russians): the two tables keep them apart.
"""

from landscribe.places.names import normal

# place: adjectives | people whose word is not an adjective with an s
_TABLE = """
Afghanistan: Afghan
Albania: Albanian
Algeria: Algerian
American Samoa: American Samoan
Andorra: Andorran
Angola: Angolan
Anguilla: Anguillan
Antigua and Barbuda: Antiguan, Barbudan
Argentina: Argentine, Argentinian, Argentinean
Armenia: Armenian
Aruba: Aruban
Australia: Australian, Aussie
Austria: Austrian
Azerbaijan: Azerbaijani, Azeri
Bahamas: Bahamian
Bahrain: Bahraini
Bangladesh: Bangladeshi
Barbados: Barbadian, Bajan
Belarus: Belarusian, Belarussian
Belgium: Belgian
Belize: Belizean
Benin: Beninese
Bermuda: Bermudian, Bermudan
Bhutan: Bhutanese
Bolivia: Bolivian
Bosnia and Herzegovina: Bosnian
Botswana: Botswanan | Batswana
Brazil: Brazilian
Brunei: Bruneian
Bulgaria: Bulgarian
Burkina Faso: Burkinabe
Burundi: Burundian
Cambodia: Cambodian
Cameroon: Cameroonian
Canada: Canadian
Cape Verde: Cape Verdean, Cabo Verdean
Cayman Islands: Caymanian
Central African Republic: Central African
Chad: Chadian
Chile: Chilean
China: Chinese
Colombia: Colombian
Comoros: Comorian
Congo: Congolese
Cook Islands: Cook Islander
Costa Rica: Costa Rican
Croatia: Croatian | Croats
Cuba: Cuban
Curacao: Curacaoan
Cyprus: Cypriot
Czech Republic: Czech
Denmark: Danish | Danes
Djibouti: Djiboutian
Dominica: Dominican
Dominican Republic: Dominican
Ecuador: Ecuadorian, Ecuadorean
Egypt: Egyptian
El Salvador: Salvadoran, Salvadorean
Equatorial Guinea: Equatorial Guinean, Equatoguinean
Eritrea: Eritrean
Estonia: Estonian
Eswatini: Swazi
Ethiopia: Ethiopian
Falkland Islands: Falkland Islander
Faroe Islands: Faroese
Fiji: Fijian
Finland: Finnish | Finns
France: French | Frenchman, Frenchmen, Frenchwoman, Frenchwomen
French Polynesia: Polynesian
Gabon: Gabonese
Gambia: Gambian
Georgia: Georgian
Germany: German
Ghana: Ghanaian
Gibraltar: Gibraltarian
Greece: Greek
Greenland: Greenlandic | Greenlander, Greenlanders
Grenada: Grenadian
Guadeloupe: Guadeloupean
Guam: Guamanian
Guatemala: Guatemalan
Guinea: Guinean
Guinea-Bissau: Bissau-Guinean
Guyana: Guyanese
Haiti: Haitian
Honduras: Honduran
Hong Kong: Hongkonger
Hungary: Hungarian
Iceland: Icelandic | Icelander, Icelanders
India: Indian
Indonesia: Indonesian
Iran: Iranian
Iraq: Iraqi
Ireland: Irish | Irishman, Irishmen, Irishwoman
Israel: Israeli
Italy: Italian
Ivory Coast: Ivorian, Ivoirian
Jamaica: Jamaican
Japan: Japanese
Jordan: Jordanian
Kazakhstan: Kazakhstani, Kazakh
Kenya: Kenyan
Kiribati: I-Kiribati
Kosovo: Kosovar, Kosovan
Kuwait: Kuwaiti
Kyrgyzstan: Kyrgyzstani, Kyrgyz
Laos: Laotian, Lao
Latvia: Latvian
Lebanon: Lebanese
Lesotho: Basotho
Liberia: Liberian
Libya: Libyan
Liechtenstein: Liechtensteiner
Lithuania: Lithuanian
Luxembourg: Luxembourgish | Luxembourger, Luxembourgers
Macau: Macanese
Madagascar: Malagasy
Malawi: Malawian
Malaysia: Malaysian
Maldives: Maldivian
Mali: Malian
Malta: Maltese
Marshall Islands: Marshallese
Martinique: Martinican
Mauritania: Mauritanian
Mauritius: Mauritian
Mexico: Mexican
Micronesia: Micronesian
Moldova: Moldovan
Monaco: Monegasque
Mongolia: Mongolian
Montenegro: Montenegrin
Montserrat: Montserratian
Morocco: Moroccan
Mozambique: Mozambican
Myanmar: Burmese
Namibia: Namibian
Nauru: Nauruan
Nepal: Nepali, Nepalese
Netherlands: Dutch | Dutchman, Dutchmen, Dutchwoman
New Caledonia: New Caledonian
New Zealand: Kiwi | New Zealander, New Zealanders
Nicaragua: Nicaraguan
Niger: Nigerien
Nigeria: Nigerian
Niue: Niuean
North Korea: North Korean
North Macedonia: Macedonian, North Macedonian
Norway: Norwegian
Oman: Omani
Pakistan: Pakistani
Palau: Palauan
Palestine: Palestinian
Panama: Panamanian
Papua New Guinea: Papua New Guinean
Paraguay: Paraguayan
Peru: Peruvian
Philippines: Philippine, Filipino | Filipina, Filipinas
Poland: Polish | Pole, Poles
Portugal: Portuguese
Puerto Rico: Puerto Rican
Qatar: Qatari
Romania: Romanian
Russia: Russian
Rwanda: Rwandan
Saint Kitts and Nevis: Kittitian, Nevisian
Saint Lucia: Saint Lucian
Saint Vincent and the Grenadines: Vincentian
Samoa: Samoan
San Marino: Sammarinese
Sao Tome and Principe: Sao Tomean
Saudi Arabia: Saudi, Saudi Arabian
Senegal: Senegalese
Serbia: Serbian, Serb
Seychelles: Seychellois
Sierra Leone: Sierra Leonean
Singapore: Singaporean
Slovakia: Slovak, Slovakian
Slovenia: Slovenian, Slovene
Solomon Islands: Solomon Islander
Somalia: Somali, Somalian
South Africa: South African
South Korea: South Korean
South Sudan: South Sudanese
Spain: Spanish | Spaniard, Spaniards
Sri Lanka: Sri Lankan
Sudan: Sudanese
Suriname: Surinamese
Sweden: Swedish | Swede, Swedes
Switzerland: Swiss
Syria: Syrian
Taiwan: Taiwanese
Tajikistan: Tajikistani, Tajik
Tanzania: Tanzanian
Thailand: Thai
Timor Leste: Timorese, East Timorese
Togo: Togolese
Tonga: Tongan
Trinidad and Tobago: Trinidadian, Tobagonian
Tunisia: Tunisian
Turkey: Turkish | Turk, Turks
Turkmenistan: Turkmen
Tuvalu: Tuvaluan
U.S. Virgin Islands: Virgin Islander
Uganda: Ugandan
Ukraine: Ukrainian
United Arab Emirates: Emirati
United Kingdom: British | Briton, Britons, Brit, Brits
United States: American
Uruguay: Uruguayan
Uzbekistan: Uzbekistani, Uzbek
Vanuatu: Ni-Vanuatu
Venezuela: Venezuelan
Vietnam: Vietnamese
Western Sahara: Sahrawi
Yemen: Yemeni
Zambia: Zambian
Zimbabwe: Zimbabwean
Korea: Korean
England: English | Englishman, Englishmen, Englishwoman
Scotland: Scottish, Scots | Scot, Scotsman, Scotsmen
Wales: Welsh | Welshman, Welshmen
Northern Ireland: Northern Irish
Abkhazia: Abkhaz, Abkhazian
Alaska: Alaskan
Alberta: Albertan
Andalusia: Andalusian
Appalachians: Appalachian
Arizona: Arizonan
Basque Country: Basque
Bavaria: Bavarian
Bengal: Bengali
Brittany: Breton
California: Californian
Catalonia: Catalan, Catalonian
Chechnya: Chechen
Corsica: Corsican
Crimea: Crimean
Dagestan: Dagestani
Darfur: Darfuri
Flanders: Flemish
Florida: Floridian
Galicia: Galician
Gaza: Gazan
Hawaii: Hawaiian
Iowa: Iowan
Kashmir: Kashmiri
Kurdistan: Kurdish | Kurd, Kurds
Manitoba: Manitoban
Ontario: Ontarian
Oregon: Oregonian
Punjab: Punjabi
Quebec: Quebecois | Quebecer, Quebecers
Queensland: Queenslander
Saxony: Saxon
Siberia: Siberian
Sicily: Sicilian
Sardinia: Sardinian
Tasmania: Tasmanian
Texas: Texan
Tibet: Tibetan
Transnistria: Transnistrian
Virginia: Virginian
Zanzibar: Zanzibari
Athens: Athenian
Berlin: Berliner
Dublin: Dubliner
London: Londoner
Naples: Neapolitan
New York: New Yorker
Paris: Parisian
Rome: Roman
Venice: Venetian
Vienna: Viennese
Africa: African, Pan-African
Arab countries: Arab
Asia: Asian
Balkans: Balkan
Central America: Central American
Central Asia: Central Asian
East Africa: East African
East Asia: East Asian
Eastern Europe: Eastern European
Europe: European, Pan-European
Himalayas: Himalayan
Latin America: Latin American
Mesopotamia: Mesopotamian
Middle East: Middle Eastern
North Africa: North African
North America: North American
Northern Europe: Northern European
Oceania: Oceanian
Sahara: Saharan, Sub-Saharan
Scandinavia: Scandinavian
South America: South American
South Asia: South Asian
Southeast Asia: Southeast Asian
Southern Europe: Southern European
Soviet Union: Soviet
West Africa: West African
Western Europe: Western European
Yugoslavia: Yugoslav, Yugoslavian
"""
# AP style, and Canadian Press for the provinces
_ABBREVIATIONS = """
Alabama: Ala.; Arizona: Ariz.; Arkansas: Ark.; California: Calif.; Colorado: Colo.
Connecticut: Conn.; Delaware: Del.; Florida: Fla.; Georgia: Ga.; Illinois: Ill.; Indiana: Ind.
Kansas: Kan.; Kentucky: Ky.; Louisiana: La.; Maryland: Md.; Massachusetts: Mass.; Michigan: Mich.
Minnesota: Minn.; Mississippi: Miss.; Missouri: Mo.; Montana: Mont.; Nebraska: Neb.; Nevada: Nev.
New Hampshire: N.H.; New Jersey: N.J.; New Mexico: N.M.; New York: N.Y.; North Carolina: N.C.
North Dakota: N.D.; Oklahoma: Okla.; Oregon: Ore.; Pennsylvania: Pa.; Rhode Island: R.I.
South Carolina: S.C.; South Dakota: S.D.; Tennessee: Tenn.; Texas: Tex.; Vermont: Vt.
Virginia: Va.; Washington: Wash.; West Virginia: W.Va.; Wisconsin: Wis.; Wyoming: Wyo.
District of Columbia: D.C.; Alberta: Alta.; British Columbia: B.C.; Manitoba: Man.
New Brunswick: N.B.; Newfoundland and Labrador: N.L.; Nova Scotia: N.S.
Northwest Territories: N.W.T.; Ontario: Ont.; Prince Edward Island: P.E.I.; Quebec: Que.
Saskatchewan: Sask.; United States: U.S.; United Kingdom: U.K.; United Arab Emirates: U.A.E.
New South Wales: N.S.W.; Australian Capital Territory: A.C.T.; European Union: E.U.
"""


def demonyms() -> dict[str, str]:
    """Place of each adjective, by its normal form."""
    return {normal(word): place for place, words, _ in _rows() for word in words}


def peoples() -> dict[str, str]:
    """Place of each word for its people, such as Mexicans and Spaniards, by its normal form."""
    found, places = {}, {normal(place) for place, _, _ in _rows()}
    for place, words, people in _rows():
        plurals = [f"{word}s" for word in words if not word.endswith(("ese", "ish", "ch", "s"))]
        found |= {normal(word): place for word in [*plurals, *people]}
    return {word: place for word, place in found.items() if word not in places}  # Laos


def abbreviations() -> dict[str, str]:
    """Place of each abbreviation that news writes with points, as it is written."""
    pairs = [pair.split(":") for line in _ABBREVIATIONS.split("\n") for pair in line.split(";")]
    return {pair[1].strip(): pair[0].strip() for pair in pairs if len(pair) == 2}


def _rows() -> list[tuple[str, list[str], list[str]]]:
    rows = []
    for line in _TABLE.strip().split("\n"):
        place, words = line.split(":")
        adjectives, _, people = words.partition("|")
        rows.append((place.strip(), _words(adjectives), _words(people)))
    return rows


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
