// HAPI FHIR's generic client: its parser refuses what it does not know, in JSON and in XML.
// Base URL, bearer token and form (json, xml) are the arguments; prints one line of JSON for each case.

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.fhir.rest.api.EncodingEnum;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.SummaryEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.api.ServerValidationModeEnum;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.gclient.ReferenceClientParam;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceGoneException;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import java.math.BigDecimal;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.*;

public class Hapi {
    static final String SYSTEM = "urn:oid:1.2.392.100495.20.3.51.11311234567";
    static IGenericClient client;

    interface Case { void run() throws Exception; }

    static void check(boolean holds, Object seen) {
        if (!holds) throw new AssertionError(String.valueOf(seen));
    }

    static Patient patient(String family) {
        Patient one = new Patient();
        one.addIdentifier().setSystem(SYSTEM).setValue("H" + UUID.randomUUID().toString().substring(0, 8));
        one.setActive(true).setGender(Enumerations.AdministrativeGender.FEMALE);
        one.addName().setFamily(family).addGiven("試");
        one.setBirthDateElement(new DateType("1975-04-06"));
        return one;
    }

    static Observation result(String subject, String value) {
        Observation one = new Observation();
        one.setStatus(Observation.ObservationStatus.FINAL);
        one.getCode().addCoding().setSystem("http://loinc.org").setCode("8867-4");
        one.setSubject(new Reference(subject)).setEffective(new DateTimeType("2026-11-01"));
        one.setValue(new Quantity().setValue(new BigDecimal(value)).setSystem("http://unitsofmeasure.org").setCode("/min"));
        return one;
    }

    static <T extends IBaseResource> MethodOutcome made(T one) {
        return client.create().resource(one).execute();
    }

    static String id(MethodOutcome outcome) {
        return outcome.getId().toUnqualifiedVersionless().getValue();
    }

    static List<String> ids(Bundle bundle) {
        return bundle.getEntry().stream().map(e -> e.getResource().getIdElement().toUnqualifiedVersionless().getValue())
            .collect(Collectors.toList());
    }

    static void tell(String name, Case one) {
        String fault = "null";
        try {
            one.run();
        } catch (Throwable wrong) {
            fault = '"' + String.valueOf(wrong).replaceAll("[\\\\\"\\p{Cntrl}]", " ") + '"';
        }
        System.out.println("{\"name\": \"" + name + "\", \"fault\": " + fault + "}");
    }

    public static void main(String[] words) {
        FhirContext context = FhirContext.forR4();
        context.setParserErrorHandler(new StrictErrorHandler());
        context.getRestfulClientFactory().setServerValidationMode(ServerValidationModeEnum.ONCE);
        context.getRestfulClientFactory().setSocketTimeout(60_000);
        client = context.newRestfulGenericClient(words[0]);
        client.registerInterceptor(new BearerTokenAuthInterceptor(words[1]));
        client.setEncoding(words[2].equals("xml") ? EncodingEnum.XML : EncodingEnum.JSON);
        tell("capability statement", Hapi::capability);
        tell("create, read, vread, update, delete", Hapi::life);
        tell("conditional create, update, delete", Hapi::conditional);
        tell("patch by FHIRPath and by JSON", Hapi::patch);
        tell("searches", Hapi::searches);
        tell("pages", Hapi::pages);
        tell("includes", Hapi::includes);
        tell("summaries", Hapi::summaries);
        tell("transaction", Hapi::transaction);
        tell("history", Hapi::history);
        tell("operations", Hapi::operations);
        tell("meta", Hapi::meta);
        tell("mistakes", Hapi::mistakes);
    }

    static void capability() {
        CapabilityStatement told = client.capabilities().ofType(CapabilityStatement.class).execute();
        check(told.getFhirVersion() == Enumerations.FHIRVersion._4_0_1, told.getFhirVersion());
        check(told.getRestFirstRep().getResource().size() > 140, told.getRestFirstRep().getResource().size());
    }

    static void life() {
        MethodOutcome outcome = made(patient("花"));
        check(outcome.getCreated() && "1".equals(outcome.getId().getVersionIdPart()), outcome.getId());
        Patient one = client.read().resource(Patient.class).withId(outcome.getId().toUnqualifiedVersionless()).execute();
        check("花".equals(one.getNameFirstRep().getFamily()), one.getNameFirstRep().getFamily());
        one.setActive(false);
        check("2".equals(client.update().resource(one).execute().getId().getVersionIdPart()), "version");
        Patient first = client.read().resource(Patient.class).withIdAndVersion(one.getIdElement().getIdPart(), "1").execute();
        check(first.getActive(), "vread");
        Patient same = client.read().resource(Patient.class).withId(one.getIdElement().getIdPart())
            .ifVersionMatches("2").returnNull().execute();
        check(same == null, "304");
        client.delete().resourceById(one.getIdElement().toUnqualifiedVersionless()).execute();
        try {
            client.read().resource(Patient.class).withId(one.getIdElement().getIdPart()).execute();
            throw new AssertionError("still there");
        } catch (ResourceGoneException gone) {
            check(gone.getOperationOutcome() != null, "no OperationOutcome");
        }
    }

    static void conditional() {
        Patient one = patient("条件");
        var where = Patient.IDENTIFIER.exactly().systemAndCode(SYSTEM, one.getIdentifierFirstRep().getValue());
        MethodOutcome first = client.create().resource(one).conditional().where(where).execute();
        MethodOutcome again = client.create().resource(one.copy()).conditional().where(where).execute();
        check(id(first).equals(id(again)), id(again));
        one.setId((String) null);
        one.setActive(false);
        MethodOutcome changed = client.update().resource(one).conditional().where(where).execute();
        check(id(first).equals(id(changed)) && "2".equals(changed.getId().getVersionIdPart()), changed.getId());
        client.delete().resourceConditionalByType("Patient").where(where).execute();
        check(client.search().forResource(Patient.class).where(where).returnBundle(Bundle.class).execute().getEntry().isEmpty(), "there");
    }

    static void patch() {
        String name = id(made(patient("継")));
        Parameters change = new Parameters();
        Parameters.ParametersParameterComponent operation = change.addParameter().setName("operation");
        operation.addPart().setName("type").setValue(new CodeType("replace"));
        operation.addPart().setName("path").setValue(new StringType("Patient.gender"));
        operation.addPart().setName("value").setValue(new CodeType("other"));
        client.patch().withFhirPatch(change).withId(name).execute();
        client.patch().withBody("[{\"op\": \"replace\", \"path\": \"/active\", \"value\": false}]").withId(name).execute();
        Patient told = client.read().resource(Patient.class).withId(name.substring(8)).execute();
        check(told.getGender() == Enumerations.AdministrativeGender.OTHER && !told.getActive(), told.getGender());
    }

    static void searches() {
        Patient body = patient("探索");
        String who = id(made(body));
        String one = id(made(result(who, "5.50")));
        String number = body.getIdentifierFirstRep().getValue();
        var by = client.search().forResource(Observation.class).returnBundle(Bundle.class);
        check(ids(client.search().forResource(Patient.class).where(Patient.FAMILY.matchesExactly().value("探索"))
            .and(Patient.IDENTIFIER.exactly().code(number)).and(Patient.BIRTHDATE.before().day("1980-01-01"))
            .returnBundle(Bundle.class).execute()).equals(List.of(who)), "patient");
        check(ids(client.search().forResource(Observation.class).where(Observation.SUBJECT.hasId(who))
            .and(Observation.VALUE_QUANTITY.greaterThan().number("5").andNoUnits()).returnBundle(Bundle.class).execute())
            .equals(List.of(one)), "quantity");
        check(ids(client.search().forResource(Observation.class)
            .where(Observation.PATIENT.hasChainedProperty(Patient.IDENTIFIER.exactly().code(number)))
            .returnBundle(Bundle.class).execute()).equals(List.of(one)), "chain");
        check(ids(client.search().forResource(Patient.class)
            .where(new ca.uhn.fhir.rest.gclient.StringClientParam("_has:Observation:patient:_id").matches().value(one.substring(12)))
            .returnBundle(Bundle.class).execute()).equals(List.of(who)), "_has");
        check(ids(client.search().forResource(Patient.class).where(Patient.IDENTIFIER.exactly().code(number))
            .usingStyle(ca.uhn.fhir.rest.api.SearchStyleEnum.POST).returnBundle(Bundle.class).execute())
            .equals(List.of(who)), "POST");
        Observation told = client.read().resource(Observation.class).withId(one.substring(12)).execute();
        check("5.50".equals(told.getValueQuantity().getValueElement().getValueAsString()), told.getValueQuantity().getValue());
    }

    static void pages() {
        String who = id(made(patient("頁")));
        for (int value = 0; value < 5; value++) made(result(who, String.valueOf(value)));
        Bundle page = client.search().forResource(Observation.class).where(Observation.SUBJECT.hasId(who))
            .sort().descending(Observation.VALUE_QUANTITY).count(2).totalMode(ca.uhn.fhir.rest.api.SearchTotalModeEnum.ACCURATE)
            .returnBundle(Bundle.class).execute();
        check(page.getTotal() == 5, page.getTotal());
        int pages = 1;
        int seen = page.getEntry().size();
        while (page.getLink(Bundle.LINK_NEXT) != null) {
            page = client.loadPage().next(page).execute();
            pages++;
            seen += page.getEntry().size();
        }
        check(pages == 3 && seen == 5, pages + " " + seen);
    }

    static void includes() {
        String who = id(made(patient("含")));
        String one = id(made(result(who, "1")));
        Bundle told = client.search().forResource(Observation.class).where(Observation.SUBJECT.hasId(who))
            .include(Observation.INCLUDE_SUBJECT).returnBundle(Bundle.class).execute();
        check(ids(told).equals(List.of(one, who)), ids(told));
        check(told.getEntry().get(1).getSearch().getMode() == Bundle.SearchEntryMode.INCLUDE, "mode");
        told = client.search().forResource(Patient.class).where(Patient.RES_ID.exactly().identifier(who.substring(8)))
            .revInclude(Observation.INCLUDE_PATIENT).returnBundle(Bundle.class).execute();
        check(ids(told).equals(List.of(who, one)), ids(told));
    }

    static void summaries() {
        String who = id(made(patient("要約")));
        Patient told = client.read().resource(Patient.class).withId(who.substring(8)).summaryMode(SummaryEnum.TRUE).execute();
        check("SUBSETTED".equals(told.getMeta().getTagFirstRep().getCode()), told.getMeta().getTag());
        told = client.read().resource(Patient.class).withId(who.substring(8)).elementsSubset("gender").execute();
        check(told.getGender() != null && told.getName().isEmpty(), told.getName());
        Bundle counted = client.search().forResource(Patient.class).where(Patient.RES_ID.exactly().identifier(who.substring(8)))
            .summaryMode(SummaryEnum.COUNT).returnBundle(Bundle.class).execute();
        check(counted.getTotal() == 1 && counted.getEntry().isEmpty(), counted.getTotal());
    }

    static void transaction() {
        Bundle bundle = new Bundle().setType(Bundle.BundleType.TRANSACTION);
        String name = "urn:uuid:" + UUID.randomUUID();
        bundle.addEntry().setFullUrl(name).setResource(patient("束")).getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Patient");
        bundle.addEntry().setResource(result(name, "2")).getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl("Observation");
        Bundle told = client.transaction().withBundle(bundle).execute();
        check(told.getEntry().stream().allMatch(e -> e.getResponse().getStatus().startsWith("201")), told.getEntry().size());
    }

    static void history() {
        MethodOutcome one = made(patient("史"));
        Patient two = client.read().resource(Patient.class).withId(one.getId().toUnqualifiedVersionless()).execute();
        client.update().resource(two.setActive(false)).execute();
        Bundle told = client.history().onInstance(one.getId().toUnqualifiedVersionless()).returnBundle(Bundle.class).execute();
        check(told.getEntry().size() == 2, told.getEntry().size());
        check(client.history().onType(Patient.class).returnBundle(Bundle.class).count(2).execute().getEntry().size() == 2, "type");
        check(!client.history().onServer().returnBundle(Bundle.class).count(2).execute().getEntry().isEmpty(), "server");
    }

    static void operations() {
        String who = id(made(patient("全")));
        made(result(who, "3"));
        Bundle everything = client.operation().onInstance(who).named("$everything").withNoParameters(Parameters.class)
            .useHttpGet().returnResourceType(Bundle.class).execute();
        check(everything.getEntry().size() == 2, everything.getEntry().size());
        OperationOutcome verdict = (OperationOutcome) client.validate().resource(patient("良")).execute().getOperationOutcome();
        check(verdict.getIssue().stream().noneMatch(i -> i.getSeverity() == OperationOutcome.IssueSeverity.ERROR), verdict.getIssue().size());
    }

    static void meta() {
        String who = id(made(patient("札")));
        Meta added = client.meta().add().onResource(new IdType(who))
            .meta(new Meta().addTag(new Coding("http://example.jp/tags", "a", "A"))).execute();
        check(added.getTag().size() == 1, added.getTag().size());
        check(client.meta().get(Meta.class).fromResource(new IdType(who)).execute().getTag().size() == 1, "get");
        check(client.meta().delete().onResource(new IdType(who)).meta(new Meta().addTag(new Coding("http://example.jp/tags", "a", "A")))
            .execute().getTag().isEmpty(), "delete");
    }

    static void mistakes() {
        Observation wrong = result("Patient/none-such", "1");
        wrong.setStatus(null);
        try {
            made(wrong);
            throw new AssertionError("taken");
        } catch (UnprocessableEntityException refused) {
            OperationOutcome told = (OperationOutcome) refused.getOperationOutcome();
            check("Observation.status".equals(told.getIssueFirstRep().getExpression().get(0).getValue()), told);
        }
        MethodOutcome one = made(patient("古"));
        Patient stale = (Patient) one.getResource();
        client.update().resource(stale.copy().setActive(false)).execute();
        try {
            client.update().resource(stale).withAdditionalHeader("If-Match", "W/\"1\"").execute();
            throw new AssertionError("overwritten");
        } catch (PreconditionFailedException refused) {
            check(refused.getOperationOutcome() != null, "no OperationOutcome");
        }
    }
}
