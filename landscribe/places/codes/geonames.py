"""GeoNames' feature classes and codes -> our classes; https://www.geonames.org/export/codes.html.

Where a code is missing here (GeoNames adds some), its feature class decides.
"""

COUNTRIES = {"PCL", "PCLD", "PCLF", "PCLI", "PCLIX", "PCLS"}  # of today; PCLH was one
UNITS = {"ADM1": 1, "ADM2": 2, "ADM3": 3, "ADM4": 4}  # code -> level of those of today
_USUAL = {
    "A": "admin3",
    "H": "lake",
    "L": "landuse",
    "P": "city",
    "R": "road",
    "S": "site",
    "T": "range",
    "U": "range",
    "V": "wood",
    "": "site",  # some rows have no feature class
}
_CODES = {  # beyond the usual class of the letter
    "A": {
        "country": "PCL PCLD PCLF PCLH PCLI PCLIX PCLS",
        "admin1": "ADM1 ADM1H TERR",
        "admin2": "ADM2 ADM2H",
        "admin3": "ADM3 ADM3H ADMD ADMDH",
        "admin4": "ADM4 ADM4H ADM5 ADM5H PRSH",
        "region": "LTER ZN ZNB",
    },
    "H": {
        "sea": "BAY BAYS BGHT BNK BNKX CHNM CHNN COVE CRNT FISH FJD FJDS GULF INLT INLTQ OCN OVF"
        " RDST RF RFC RFX SD SEA SHOL SILL STRT",
        "lake": "LBED LGN LGNS LGNX LK LKC LKI LKN LKNI LKO LKOI LKS LKSB LKSC LKSI LKSN LKSNI LKX"
        " MFGN PND PNDI PNDN PNDNI PNDS PNDSF PNDSI PNDSN POOL POOLI RSV RSVI",
        "river": "BNKR CHN CHNL CNFL CNL CNLA CNLB CNLD CNLI CNLN CNLQ CNLSB CNLX CRKT CUTF DTCH"
        " DTCHD DTCHI DTCHM ESTY NRWS RCH RPDS RVN STM STMA STMB STMC STMD STMH STMI STMIX STMM"
        " STMQ STMS STMSB STMX SYSI TNLC WAD WADB WADJ WADM WADS WADX WHRL WTRC",
        "wood": "BOG CAPG DOMG DPRG FLTM FLTT GLCR MGV MOOR MRSH MRSHN RDGG SBKH SWMP WTLD WTLDI",
        "site": "ANCH DCK DCKB FLLS FLLSX GYSR HBR HBRX RSVT SPNG SPNS SPNT WLL WLLQ WLLS WTRH",
        "airport": "AIRS",
    },
    "L": {
        "continent": "CONT",
        "region": "AREA BSND BSNP COLF CST LAND RESV RGN RGNE RGNH RGNL TRB",
        "park": "CMN PRK RES RESA RESF RESH RESN RESP RESW",
        "district": "CTRB DEVH",
        "wood": "CLG GVL OAS QCKS SALT SNOW",
        "site": "AMUS BTL MILB NVB PRT",
        "landuse": "AGRC CNS FLD FLDI GASF GRAZ INDS LCTY MNA MVA OILF PEAT RNGA",
    },
    "P": {
        "city": "PPL PPLA PPLA2 PPLA3 PPLA4 PPLA5 PPLC PPLCH PPLCD PPLF PPLG PPLH PPLL PPLQ PPLR"
        " PPLS PPLW STLMT",
        "district": "PPLX",
    },
    "R": {
        "road": "CSWY PRMN PTGE RD RDA RDB RDCUT RDJCT RJCT RR RRQ RTE RYD ST STKR TNL TNLRD TNLRR"
        " TNLS TRL",
        "site": "OILP TNLN",
    },
    "S": {
        "airport": "AIRB AIRF AIRH AIRP AIRQ",
        "road": "BDG BDGQ",
        "landuse": "ESTO ESTR ESTSG ESTT LNDF MNQR NSY ZNF",
        "site": "ADMF AGRF AIRT AMTH ANS AQC ARCH ARCHV ART ASTR ASYL ATHF ATM BANK BCN BLDA BLDG"
        " BLDO BP BRKS BRKW BSTN BTYD BUR BUSTN BUSTP CARN CAVE CH CMP CMPL CMPLA CMPMN CMPO CMPQ"
        " CMPRF CMTY COMC CRRL CSNO CSTL CSTM CTHSE CTRA CTRCM CTRF CTRM CTRR CTRS CVNT DAM DAMQ"
        " DAMSB DARY DCKD DCKY DIKE DIP DPOF EST ESTX FCL FNDY FRM FRMQ FRMS FRMT FT FY FYT GATE"
        " GDN GHAT GHSE GOSP GOVL GRVE HERM HLT HMSD HSE HSEC HSP HSPC HSPD HSPL HSTS HTL HUT HUTS"
        " INSM ITTR JTY LDNG LEPC LIBR LOCK LTHSE MALL MAR MFG MFGB MFGC MFGCU MFGLM MFGM MFGPH"
        " MFGQ MFGSG MKT ML MLM MLO MLSG MLSGQ MLSW MLWND MLWTR MN MNAU MNC MNCR MNCU MNFE MNMT MNN"
        " MNQ MOLE MSQE MSSN MSSNQ MSTY MTRO MUS NOV OBPT OBS OBSR OILJ OILQ OILR OILT OILW OPRA"
        " PAL PGDA PIER PKLT PMPO PMPW PO PP PPQ PRKGT PRKHQ PRN PRNJ PRNQ PS PSH PSN PSTB PSTC"
        " PSTP PYR PYRS QUAY RDCR RDIN RECG RECR REST RET RHSE RKRY RLG RLGR RNCH RSD RSGNL RSRT"
        " RSTN RSTNQ RSTP RSTPQ RUIN SCH SCHA SCHC SCHL SCHM SCHN SCHT SECP SHPF SHRN SHSE SLCE"
        " SNTR SPA SPLY SQR STBL STDM STNB STNC STNE STNF STNI STNM STNR STNS STNW STPS SWT SYG"
        " THTR TMB TMPL TNKD TOLL TOWR TRAM TRANT TRIG TRMO TWO UNIP UNIV USGE VETF WALL WALLA WEIR"
        " WHRF WRCK WTRW ZOO",
    },
    "T": {
        "mountain": "BLDR BLHL BLOW BUTE CLDA CLF CONE CRQ CRQS CRTR DUNE FSR GAP HLL HMCK LEV MESA"
        " MND MRN MT NTK PASS PK PROM RDGB RK RKFL RKS SCRP SDL SINK SLID SLP SPUR TAL VLC",
        "range": "BDLD BNCH CNYN CRDR CUET DLTA DPR DSRT DVD ERG FAN GRGE HLLS HMDA INTF KRST LAVA"
        " MTS NTKS PAN PANS PKS PLAT PLATX PLN PLNX RDGE REG SAND SBED TRGD TRR UPLD VAL VALG VALS"
        " VALX",
        "island": "ATOL BAR CAPE HDLD ISL ISLET ISLF ISLM ISLS ISLT ISLX ISTH PEN PENX PT PTS SPIT",
        "wood": "ASPH BCH BCHS SHOR",
        "landuse": "PLDR",
        "river": "FORD NKM",
    },
    "U": {
        "mountain": "HLLU KNLU MTU PKSU PKU PNLU SMU TMTU",
        "sea": "BKSU BNKU RFSU RFU SHLU SHSU",
        "range": "APNU ARCU ARRU BDLU BSNU CDAU CNSU CNYU CRSU DEPU EDGU ESCU FANU FLTU FRZU FURU"
        " GAPU GLYU HLSU HOLU KNSU LDGU LEVU MDVU MESU MNDU MOTU MTSU PLFU PLNU PLTU PRVU RDGU RDSU"
        " RISU RMPU RNGU SCNU SCSU SDLU SHFU SHVU SILU SLPU SMSU SPRU TERU TMSU TNGU TRGU TRNU VALU"
        " VLSU",
    },
    "V": {
        "wood": "BUSH FRST FRSTF GROVE GRSLD GRVC GRVP GRVPN HTH MDW SCRB TREE TUND",
        "landuse": "CULT GRVO OCH VIN VINS",
    },
}
_CLASSES = {
    (letter, code): place_class
    for letter, of_letter in _CODES.items()
    for place_class, codes in of_letter.items()
    for code in codes.split()
}


def known(letter: str, code: str) -> bool:
    """Whether a code is in the table, and not only its feature class."""
    return (letter, code) in _CLASSES


def place_class(letter: str, code: str) -> str:
    """Our class of a feature class (A to V, or empty) and code; `ValueError` for another letter."""
    found = _CLASSES.get((letter, code)) or _USUAL.get(letter)
    if found is None:
        raise ValueError(f"feature class {letter!r} is none of {', '.join(filter(None, _USUAL))}")
    return found
